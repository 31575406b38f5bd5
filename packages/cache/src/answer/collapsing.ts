/** Which requests may share one exchange (RFC 9111 §4, "collapse requests"). */
import type { Timeouts } from '@x/httpcore';

import type { CacheRequest } from '../cache-request.ts';
import { deltaSeconds, noDirectives } from '../rules/cache-control.ts';

/** Who wants a new answer does not take part in one that is older than the question. */
export function mayCollapse({ method, mode, directives, isConditional }: CacheRequest): boolean {
  return (
    method === 'GET' &&
    !isConditional &&
    (mode === 'default' || mode === 'force-cache') &&
    (directives === noDirectives || (!directives.has('no-cache') && deltaSeconds(directives, 'max-age') !== 0))
  );
}

// They name the request, and say nothing of what is asked for.
const namesOfRequests = new Set(['traceparent', 'tracestate']);

/**
 * Equal credentials, equal preferences, everything: nothing is known yet of what the response will depend on. And the same limits, by the same
 * way: what one who waits would not have failed for, the one who is first does not fail for either.
 */
export function signatureOf({ headers, mode, timeouts, context }: CacheRequest): string {
  let signature = `${mode} ${textOf(timeouts)}`;
  const { proxy, servername } = context ?? {};
  if (servername !== undefined) signature += ` ${servername}`;
  if (proxy !== undefined) signature += ` ${markOf(proxy)}`;
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    // A line feed is in no field.
    if (!namesOfRequests.has(lower)) signature += `\n${lower}:${value}`;
  }
  return signature;
}

// A client says the same with every request.
const latest: { timeouts: Timeouts | undefined; text: string } = { timeouts: undefined, text: '' };

function textOf(timeouts: Timeouts | undefined): string {
  if (timeouts !== latest.timeouts) {
    latest.timeouts = timeouts;
    latest.text = timeouts === undefined ? '' : timeouts.join(',');
  }
  return latest.text;
}

const marks = new WeakMap<object, string>();
let lastMark = 0;

/** Proxies are told apart as objects: what they hold may be secret. */
function markOf(proxy: object | null): string {
  if (proxy === null) return 'direct';
  let mark = marks.get(proxy);
  if (mark === undefined) marks.set(proxy, (mark = `proxy-${++lastMark}`));
  return mark;
}
