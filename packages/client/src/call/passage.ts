/** Layers that look at what passes, and mostly wait for nothing: those that stand together are gone through in the function that waits for what is behind them. */
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { CallContext } from './context.ts';
import type { Send } from './interceptor.ts';

export interface Passage {
  /** What is sent on in place of this request. Absent: the request itself. */
  readonly out?: (request: Request, context: CallContext) => Request;
  /**
   * What is handed back in place of this response. `request` is the one that came to the outermost of the passages that stand together; `next`
   * sends another the rest of the way, from behind this one on.
   */
  readonly back: (response: StreamResponse, request: Request, context: CallContext, next: Send) => StreamResponse | Promise<StreamResponse>;
}

/** Sends on what has come through the passages that stand before it, and takes its response back through them. */
export type End = (passages: Passages) => Send;

/** The passages that stand together, and what is behind them. */
export class Passages {
  /** Outermost first. */
  readonly #passages: readonly Passage[];
  /** The rest of the way behind each. */
  readonly #rests: readonly Send[];
  /** Through all of them. */
  readonly send: Send;

  constructor(passages: readonly Passage[], end: End) {
    this.#passages = passages;
    this.#rests = passages.map((_, index) => new Passages(passages.slice(index + 1), end).send);
    this.send = end(this);
  }

  /** The end that is another layer. */
  static before(next: Send): End {
    return (passages) => {
      if (passages.#passages.length === 0) return next;
      return async function pass(request, context) {
        const response = await next(passages.out(request, context), context);
        const handed = passages.back(response, request, context);
        return handed instanceof Promise ? await handed : handed;
      };
    };
  }

  out(request: Request, context: CallContext): Request {
    let onward = request;
    for (const { out } of this.#passages) if (out !== undefined) onward = out(onward, context);
    return onward;
  }

  /** A promise only where one of them has something to wait for. `request` is as it was before {@link out}. */
  back(response: StreamResponse, request: Request, context: CallContext): StreamResponse | Promise<StreamResponse> {
    let handed = response;
    for (let index = this.#passages.length - 1; index >= 0; index--) {
      const next = this.#passages[index]!.back(handed, request, context, this.#rests[index]!);
      if (next instanceof Promise) return this.#backAfter(index, next, request, context);
      handed = next;
    }
    return handed;
  }

  async #backAfter(last: number, response: Promise<StreamResponse>, request: Request, context: CallContext): Promise<StreamResponse> {
    let handed = await response;
    for (let index = last - 1; index >= 0; index--)
      handed = await this.#passages[index]!.back(handed, request, context, this.#rests[index]!);
    return handed;
  }
}
