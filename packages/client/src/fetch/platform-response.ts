/** A response of the client as the platform's `Response`. */
import { ownBytes } from '../own-bytes.ts';
import type { StreamResponse } from '../response/stream-response.ts';

type PlatformRequest = globalThis.Request;
type PlatformResponse = globalThis.Response;

// Fetch Standard §2.2.4.
const nullBodyStatuses = new Set([101, 103, 204, 205, 304]);

/** @throws {TypeError | RangeError} what the server sent can't be shown in a `Response`. */
export function platformResponse(response: StreamResponse, asked: PlatformRequest): PlatformResponse {
  const { status, reason } = response;
  const headers = new globalThis.Headers();
  for (const [name, value] of response.rawHeaders) headers.append(name, value);
  const hasBody = asked.method !== 'HEAD' && !nullBodyStatuses.has(status);
  if (!hasBody) void response.close();
  const shown = new globalThis.Response(hasBody ? bodyStream(response, asked) : null, { status, statusText: reason, headers });
  return platformShape(shown, { url: withoutFragment(response.url), redirected: response.history.length > 0 });
}

interface Description {
  readonly url: string;
  readonly redirected: boolean;
}

/** What the constructor of `Response` leaves at nothing. */
function platformShape(response: PlatformResponse, description: Description): PlatformResponse {
  const { clone } = response;
  Object.defineProperties(response, {
    url: { value: description.url, configurable: true },
    redirected: { value: description.redirected, configurable: true },
    type: { value: 'basic', configurable: true },
    clone: { value: () => platformShape(clone.call(response), description), configurable: true, writable: true },
  });
  Object.defineProperties(response.headers, immutable);
  return response;
}

function refuseChange(): never {
  throw new TypeError('The headers of a response that came from the network can not be changed');
}
const refused: PropertyDescriptor = { value: refuseChange, configurable: true, writable: true };
const immutable: PropertyDescriptorMap = { append: refused, set: refused, delete: refused };

function withoutFragment(url: string): string {
  const at = url.indexOf('#');
  return at === -1 ? url : url.slice(0, at);
}

// A response that is dropped unread would hold its connection until the server loses patience. Whoever holds the stream, or waits
// for a chunk of it, keeps it from here.
const dropped = new FinalizationRegistry<StreamResponse>((response) => void response.close());

function bodyStream(response: StreamResponse, asked: PlatformRequest): ReadableStream<Uint8Array> {
  const chunks = response[Symbol.asyncIterator]();
  const stream: ReadableStream<Uint8Array> = new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        try {
          const chunk = await nextChunk(chunks);
          // The stream takes the memory behind the chunk for its own.
          if (chunk !== undefined) return controller.enqueue(ownBytes(chunk));
          controller.close();
          controller.byobRequest?.respond(0);
        } catch (cause) {
          controller.error(asked.signal.aborted ? asked.signal.reason : new TypeError('terminated', { cause }));
        }
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    // Nothing is read ahead of who reads.
    { highWaterMark: 0 },
  );
  dropped.register(stream, response);
  return stream;
}

/** An empty chunk can't be enqueued. */
async function nextChunk(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  for (;;) {
    const { done, value } = await chunks.next();
    if (done === true) return undefined;
    if (value.length > 0) return value;
  }
}
