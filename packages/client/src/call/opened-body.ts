/** The body of a call that is answered as a dispatcher answers: the call is over when it has been read or closed, or has failed. */
import type { DuplexBody, HeaderPair, ResponseBody } from '@x/httpcore';

import type { StreamResponse } from '../response/stream-response.ts';
import type { CallContext } from './context.ts';
import type { Lifetime } from './lifetime.ts';

/** Who asks for one reads or closes it, by contract: it is not watched by a registry of what was dropped. */
export function openedBody(response: StreamResponse, call: CallContext, lifetime: Lifetime): ResponseBody | DuplexBody {
  const { body } = response;
  if (body.trailers !== undefined && body === call.bodyOf(response) && !response.isTaken) {
    // All of it is here, as it came: nothing waits for who reads it, and nothing can be wrong with it.
    call.settle();
    lifetime.leave();
    return body;
  }
  return 'write' in body ? new OpenedDuplexBody(response, body, call, lifetime) : new OpenedBody(response, call, lifetime);
}

class OpenedBody implements ResponseBody {
  readonly #response: StreamResponse;
  readonly #call: CallContext;
  /** Of the client that it still runs in. */
  #lifetime: Lifetime | undefined;

  constructor(response: StreamResponse, call: CallContext, lifetime: Lifetime) {
    this.#response = response;
    this.#call = call;
    this.#lifetime = lifetime;
    // All of it is here already: nothing waits for who reads it.
    if (response.body.trailers !== undefined) this.#end();
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#response.body.trailers;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const bytes = await this.#response.read();
      this.#end();
      return bytes as Uint8Array<ArrayBuffer>;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#response.close();
    } finally {
      this.#end();
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array<ArrayBuffer>, undefined> {
    const chunks = this.#response[Symbol.asyncIterator]() as AsyncIterator<Uint8Array<ArrayBuffer>, undefined>;
    return {
      next: async () => {
        try {
          const result = await chunks.next();
          if (result.done === true) this.#end();
          return result;
        } catch (error) {
          throw this.#failed(error);
        }
      },
      return: async () => {
        try {
          await chunks.return?.();
        } finally {
          this.#end();
        }
        return { done: true, value: undefined };
      },
    };
  }

  #failed(error: unknown): unknown {
    this.#call.fail(error);
    this.#end();
    return error;
  }

  #end(): void {
    const lifetime = this.#lifetime;
    if (lifetime === undefined) return;
    this.#lifetime = undefined;
    this.#call.settle();
    lifetime.leave();
  }
}

class OpenedDuplexBody extends OpenedBody implements DuplexBody {
  readonly #duplex: DuplexBody;

  constructor(response: StreamResponse, duplex: DuplexBody, call: CallContext, lifetime: Lifetime) {
    super(response, call, lifetime);
    this.#duplex = duplex;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#duplex.write(chunk);
  }

  end(): Promise<void> {
    return this.#duplex.end();
  }
}
