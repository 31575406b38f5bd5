/** What the adapters of applications share: from plain values to iterators and back. */
import type { HeaderPair } from '../contract/values.ts';
import type { ApplicationAnswer, ApplicationBody, ApplicationRequestBody, ApplicationResponse } from '../in-process/application.ts';

/** @throws the answer itself when it is an `Error`. */
export function responseOf(answer: ApplicationAnswer): ApplicationResponse {
  if (answer instanceof Error) throw answer;
  if (!isTuple(answer)) return answer;
  const [, status, reason, headers, body] = answer;
  return { status, reason, headers, body };
}

function isTuple(answer: ApplicationAnswer): answer is Extract<ApplicationAnswer, readonly unknown[]> {
  return Array.isArray(answer);
}

function wholeBody(body: string | Uint8Array | null): Uint8Array {
  return typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array(0));
}

/** The chunks of a body that an application answered with. */
export function bodyChunks(body: ApplicationBody): AsyncIterator<Uint8Array, undefined> {
  if (body === null || typeof body === 'string' || body instanceof Uint8Array) return asynchronous([wholeBody(body)].values());
  if (Symbol.asyncIterator in body) return body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
  return asynchronous(body[Symbol.iterator]());
}

function asynchronous(iterator: Iterator<Uint8Array>): AsyncIterator<Uint8Array, undefined> {
  return {
    next: async () => iterator.next(),
    return: async () => {
      iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}

/** A request body over chunks that are read once. */
export function applicationBody(read: () => AsyncIterator<Uint8Array>, trailersAtEnd: () => readonly HeaderPair[]): ApplicationRequestBody {
  let trailers: readonly HeaderPair[] | undefined;
  async function* chunks(): AsyncGenerator<Uint8Array, undefined> {
    for await (const chunk of { [Symbol.asyncIterator]: read }) yield chunk;
    trailers = trailersAtEnd();
  }
  const body: ApplicationRequestBody = {
    [Symbol.asyncIterator]: chunks,
    async bytes() {
      const all: Uint8Array[] = [];
      for await (const chunk of chunks()) all.push(chunk);
      return new Uint8Array(Buffer.concat(all));
    },
    async text() {
      return new TextDecoder().decode(await body.bytes());
    },
    get trailers() {
      return trailers;
    },
  };
  return body;
}
