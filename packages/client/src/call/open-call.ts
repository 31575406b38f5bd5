import type { ResponseBody } from '@x/httpcore';

import { shownRequest } from '../request/about.ts';
import type { CallContext } from './context.ts';
import { DroppedResponses } from './dropped-responses.ts';
import type { Lifetime } from './lifetime.ts';

/**
 * A call whose response was handed out with its body still to be read: over when that was read or closed, or has failed. It knows nothing
 * of the response itself, so that one which somebody drops can be collected.
 */
export class OpenCall {
  readonly #call: CallContext;
  readonly #lifetime: Lifetime;
  #body: ResponseBody | undefined = undefined;
  #isRead = false;
  #isOver = false;
  /** Has the client been told that it runs no more? */
  #hasLeft = false;

  constructor(call: CallContext, lifetime: Lifetime) {
    this.#call = call;
    this.#lifetime = lifetime;
  }

  /** Its response was handed out, with this body. `handle` is what everybody holds who can read it. */
  handOut(body: ResponseBody, handle: object): void {
    if (this.#isOver) return;
    this.#body = body;
    this.#lifetime.hold(this);
    dropped.register(handle, this, this);
  }

  /** Somebody has begun to read. */
  onRead(): void {
    this.#isRead = true;
  }

  /** All of the body is here, and its connection is free: a client that closes waits for nobody to read it, but for who has begun to. */
  onArrived(): void {
    if (this.#isRead || this.#hasLeft) return;
    this.#hasLeft = true;
    this.#lifetime.leave();
  }

  /** May be told again, with what turns out to be wrong. */
  onEnd(error?: unknown): void {
    if (error !== undefined) this.#call.fail(error);
    if (this.#isOver) return;
    this.#isOver = true;
    dropped.unregister(this);
    this.#lifetime.letGo(this);
    this.#call.settle();
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#lifetime.leave();
  }

  /** The client is left: what nobody reads ends now. */
  endUnread(): void {
    if (!this.#isRead) this.#close();
  }

  /** Nobody is left who could read it. */
  onDropped(): void {
    if (this.#isOver) return;
    this.#close();
    warnings.onDropped(() => shownRequest(this.#call.request));
  }

  #close(): void {
    this.#body?.close().catch(() => {});
    this.onEnd();
  }
}

const warnings = DroppedResponses.ofProcess();
const dropped = new FinalizationRegistry<OpenCall>((call) => call.onDropped());
