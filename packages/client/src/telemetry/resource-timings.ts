/** Calls on the timeline of `performance`, as the platform's `fetch` puts its own there (Resource Timing, Fetch Standard §4.13). */
import { performance } from 'node:perf_hooks';

import type { CallContext } from '../call/context.ts';
import type { Send } from '../call/interceptor.ts';
import { shownUrl } from '../redact.ts';
import type { AttemptRecord } from '../response/any-response.ts';

/** As Node has it, of which its types know nothing of late arguments. */
type MarkResourceTiming = (
  timing: object,
  url: string,
  initiator: string,
  global: object,
  cacheMode: '' | 'local' | 'validated',
  body: object,
  status: number,
  deliveryType: string,
) => void;

export function markResources(next: Send): Send {
  return function timeResource(request, context) {
    const startTime = performance.now();
    context.whenEnded(() => mark(context, startTime));
    return next(request, context);
  };
}

function mark(context: CallContext, startTime: number): void {
  const last = context.attempts.at(-1);
  if (last === undefined) return;
  const { markResourceTiming } = performance as unknown as { readonly markResourceTiming: MarkResourceTiming };
  const isFromCache = last.cache?.state === 'hit' || last.cache?.state === 'stale';
  const isRevalidated = last.cache?.state === 'revalidated';
  markResourceTiming.call(
    performance,
    timingOf(last, startTime, context.history.length > 0),
    shownUrl(context.request.url),
    'fetch',
    globalThis,
    isFromCache ? 'local' : isRevalidated ? 'validated' : '',
    { encodedSize: last.encodedBytes ?? 0, decodedSize: 0, contentType: '' },
    last.status ?? 0,
    isFromCache ? 'cache' : '',
  );
}

/** All moments are those of `performance.now()`; what did not happen is 0, or the moment at which it would have. */
function timingOf({ timings, status, encodedBytes = 0 }: AttemptRecord, startTime: number, isRedirected: boolean): object {
  const began = timings.startedAt - performance.timeOrigin;
  let moment = began + (timings.queued ?? 0);
  const step = (duration: number | undefined): [start: number, end: number] => {
    const start = moment;
    moment += duration ?? 0;
    return [start, moment];
  };
  const [domainLookupStartTime, domainLookupEndTime] = step(timings.dns);
  const [connectionStartTime] = step(timings.connect);
  step(timings.proxy);
  const [secureConnectionStartTime, connectionEndTime] = step(timings.tls);
  const [requestStart] = step(timings.sent);
  const [, responseStart] = step(timings.firstByte);
  return {
    startTime,
    redirectStartTime: isRedirected ? startTime : 0,
    redirectEndTime: isRedirected ? began : 0,
    postRedirectStartTime: began,
    finalServiceWorkerStartTime: 0,
    finalNetworkRequestStartTime: requestStart,
    finalNetworkResponseStartTime: status === undefined ? 0 : responseStart,
    endTime: Math.max(performance.now(), startTime),
    encodedBodySize: encodedBytes,
    decodedBodySize: 0,
    finalConnectionTimingInfo: {
      domainLookupStartTime,
      domainLookupEndTime,
      connectionStartTime,
      connectionEndTime,
      secureConnectionStartTime: timings.tls === undefined ? 0 : secureConnectionStartTime,
      ALPNNegotiatedProtocol: protocolOf(timings.httpVersion),
    },
  };
}

/** RFC 7301's identifiers. */
function protocolOf(version: string | undefined): string {
  if (version === undefined) return '';
  return version === '2' ? 'h2' : `http/${version}`;
}
