/** What a call does beyond its requests, in words, on stderr under `NODE_DEBUG=xhttp`; the core's log, of the same name, tells of the requests. */
import { debuglog } from 'node:util';

import { shownUrl } from '../redact.ts';
import type { Request } from '../request/request.ts';

const log = debuglog('xhttp');
const isOn = log.enabled;

/** `words` are asked for only where somebody reads them. */
export function tell(request: Request, words: () => string): void {
  if (isOn) log(`${request.method} ${shownUrl(request.url)} ${words()}`);
}

/** What came of a request, in a word or two. */
export function outcomeIn({
  response,
  error,
}: {
  readonly response?: { readonly status: number } | undefined;
  readonly error?: unknown;
}): string {
  if (response !== undefined) return `the answer ${response.status}`;
  const { name, code } = Object(error) as { readonly name?: unknown; readonly code?: unknown };
  return typeof code === 'string' ? `${String(name)} (${code})` : String(name);
}
