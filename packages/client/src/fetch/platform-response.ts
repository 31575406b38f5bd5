/** A response of the client as the platform's `Response`. */
import type { HeaderPair } from '@x/httpcore';

import { ownBytes } from '../own-bytes.ts';
import type { StreamResponse } from '../response/stream-response.ts';

type PlatformResponse = globalThis.Response;

// Fetch Standard §2.2.4.
const nullBodyStatuses = new Set([101, 103, 204, 205, 304]);

/** What of the call a response is bound to. */
export interface Asked {
  readonly method: string;
  readonly signal: AbortSignal | undefined;
}

export function isNullBody(status: number): boolean {
  return nullBodyStatuses.has(status);
}

/** Those of a response that came from the network, which can not be changed. */
export function platformHeaders(pairs: readonly HeaderPair[]): globalThis.Headers {
  const headers = new globalThis.Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  Object.defineProperties(headers, immutable);
  return headers;
}

/** With a body that is still to be read, or was. */
export function platformResponse(response: StreamResponse, asked: Asked, headers: globalThis.Headers, isRead: boolean): PlatformResponse {
  const { status, reason } = response;
  const hasBody = asked.method !== 'HEAD' && !nullBodyStatuses.has(status);
  const body = !hasBody ? null : isRead ? new ReadableStream() : bodyStream(response, asked);
  // Its constructor knows statuses from 200 to 599 alone, and what a reason may hold.
  const shown = new globalThis.Response(body, { status: 200, headers: [...headers] });
  // As a stream is left that was read to its end.
  if (isRead) void shown.body?.getReader().cancel();
  const { url } = response;
  return platformShape(shown, {
    status,
    statusText: reason,
    headers,
    url: withoutFragment(url),
    redirected: response.history.length > 0,
  });
}

interface Description {
  readonly status: number;
  readonly statusText: string;
  readonly headers: globalThis.Headers;
  readonly url: string;
  readonly redirected: boolean;
}

/** What the constructor of `Response` leaves at nothing. */
function platformShape(response: PlatformResponse, description: Description): PlatformResponse {
  const { clone } = response;
  const { status, statusText, headers, url, redirected } = description;
  Object.defineProperties(response, {
    status: { value: status, configurable: true },
    ok: { value: status >= 200 && status <= 299, configurable: true },
    statusText: { value: statusText, configurable: true },
    headers: { value: headers, configurable: true },
    url: { value: url, configurable: true },
    redirected: { value: redirected, configurable: true },
    type: { value: 'basic', configurable: true },
    clone: {
      value: () => platformShape(clone.call(response), { ...description, headers: platformHeaders([...headers]) }),
      configurable: true,
      writable: true,
    },
  });
  return response;
}

function refuseChange(): never {
  throw new TypeError('The headers of a response that came from the network can not be changed');
}
const refused: PropertyDescriptor = { value: refuseChange, configurable: true, writable: true };
const immutable: PropertyDescriptorMap = { append: refused, set: refused, delete: refused };

export function withoutFragment(url: string): string {
  const at = url.indexOf('#');
  return at === -1 ? url : url.slice(0, at);
}

// A response that is dropped unread would hold its connection until the server loses patience. Whoever holds the stream, or waits
// for a chunk of it, keeps it from here.
const dropped = new FinalizationRegistry<DroppedBody>(({ response, stopWatching }) => {
  stopWatching?.();
  void response.close();
});

function bodyStream(response: StreamResponse, asked: Asked): ReadableStream<Uint8Array> {
  const chunks = response[Symbol.asyncIterator]();
  const { signal } = asked;
  let stopWatching: (() => void) | undefined;
  const stream: ReadableStream<Uint8Array> = new ReadableStream(
    {
      type: 'bytes',
      start(controller) {
        if (signal?.aborted === true) controller.error(signal.reason);
        else if (signal !== undefined) stopWatching = onAbort(signal, controller);
      },
      async pull(controller) {
        try {
          const chunk = await nextChunk(chunks);
          // The stream takes the memory behind the chunk for its own.
          if (chunk !== undefined) return controller.enqueue(ownBytes(chunk));
          stopWatching?.();
          controller.close();
          controller.byobRequest?.respond(0);
        } catch (cause) {
          stopWatching?.();
          controller.error(signal?.aborted === true ? signal.reason : new TypeError('terminated', { cause }));
        }
      },
      async cancel() {
        stopWatching?.();
        await chunks.return?.();
      },
    },
    // Nothing is read ahead of who reads.
    { highWaterMark: 0 },
  );
  dropped.register(stream, { response, stopWatching });
  return stream;
}

/** Tells also whoever waits for the end alone. A signal that lives long does not keep a stream that nobody reads. */
function onAbort(signal: AbortSignal, controller: ReadableByteStreamController): () => void {
  const held = new WeakRef(controller);
  const tell = (): void => held.deref()?.error(signal.reason);
  signal.addEventListener('abort', tell, { once: true });
  return () => signal.removeEventListener('abort', tell);
}

interface DroppedBody {
  readonly response: StreamResponse;
  readonly stopWatching: (() => void) | undefined;
}

/** An empty chunk can't be enqueued. */
async function nextChunk(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  for (;;) {
    const { done, value } = await chunks.next();
    if (done === true) return undefined;
    if (value.length > 0) return value;
  }
}
