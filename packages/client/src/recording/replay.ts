/** From a recording to the answer that a request gets. */
import type { ApplicationRequest, ApplicationResponseTuple, HeaderPair } from '@x/httpcore';

import type { HarEntry, HarPair } from '../har/har.ts';
import { failureOf } from './failure-record.ts';
import { UnrecordedRequest } from './recording-errors.ts';
import { ReplayedBody, wireBody } from './replayed-body.ts';
import { givenUp, pause } from './waiting.ts';

/** @throws {HttpCoreError} what the recorded exchange failed with. */
export async function replayed(
  { request: recorded, response, timings, _informational: informational, _failure: failure, _upgraded: upgraded }: HarEntry,
  request: Pick<ApplicationRequest, 'signal' | 'inform'>,
  speed: 'instant' | 'real',
): Promise<ApplicationResponseTuple> {
  const { signal } = request;
  const real = speed === 'real';
  const what = `${recorded.method} ${recorded.url}`;
  if (upgraded === true)
    throw new UnrecordedRequest(`${what} took its connection over (${response.status}), and what was said on it is not recorded`);
  const { content } = response;
  if (content._incomplete === 'large') {
    throw new UnrecordedRequest(
      `The body of ${what} was longer than "maxBodyBytes" when it was recorded; record it again with a larger limit`,
    );
  }
  const duration: (number | undefined)[] = [timings?.blocked, timings?.dns, timings?.connect, timings?.send, timings?.wait];
  const untilHead = duration.reduce<number>((sum, time) => sum + Math.max(0, time ?? 0), 0);
  let passed = 0;
  for (const { status, statusText, headers, at } of informational ?? []) {
    if (real) await pause(at - passed, signal);
    passed = at;
    request.inform(status, pairsOf(headers), statusText);
  }
  if (real) await pause(untilHead - passed, signal);
  if (response.status === 0) {
    if (failure?.name === 'Aborted') await givenUp(untilHead, signal);
    throw failureOf(
      failure ?? {
        name: 'ReadError',
        code: 'READ_FAILED',
        message: `${what} has no response in the recording: ${response._error ?? 'it failed'}`,
      },
    );
  }
  const started = performance.now();
  const hasBody = recorded.method !== 'HEAD' && response.status !== 204 && response.status !== 304;
  const { headers, pieces } = wireBody(pairsOf(response.headers), content, hasBody);
  const atEnd = async (): Promise<void> => {
    const lasted = Math.max(0, timings?.receive ?? 0);
    const closed = content._incomplete === 'closed';
    // Whoever gave it up when it was recorded does so again.
    if (closed || failure?.name === 'Aborted') await givenUp(lasted, signal);
    if (failure !== undefined) throw failureOf(failure);
    if (closed) throw new UnrecordedRequest(`The body of ${what} was left here when it was recorded: what follows is not known`);
  };
  const body = new ReplayedBody(
    pieces,
    (at) => (real ? pause(at - (performance.now() - started), signal) : undefined),
    failure === undefined && content._incomplete === undefined ? undefined : atEnd,
    pairsOf(response._trailers ?? []),
  );
  return [versionOf(response.httpVersion), response.status, reasonOf(response.statusText), headers, hasBody ? body : null];
}

/** Browsers write `h2`, `http/2.0` and `HTTP/2`; what is none of ours is told as 1.1. */
function versionOf(text: string): string {
  const version = /^(?:http\/?|h)?(\d(?:\.\d)?)/i.exec(text)?.[1] ?? '1.1';
  if (version.startsWith('2')) return '2';
  return version === '1.0' ? '1.0' : '1.1';
}

function reasonOf(text: unknown): string {
  return typeof text === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text : '';
}

/** Without the pseudo-fields of HTTP/2 that some write, and what no field may hold. */
function pairsOf(pairs: readonly HarPair[]): HeaderPair[] {
  return pairs.flatMap(({ name, value }) =>
    /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value) ? [[name, value] as const] : [],
  );
}
