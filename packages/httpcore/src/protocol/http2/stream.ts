import { StreamReceiveWindow } from './flow-control.ts';
import type { OutboundBody } from './outbound-body.ts';
import { StreamState, transition } from './stream-state.ts';

/** How far the response has come; beside the stream's state, which only knows of frames. */
export const ResponsePhase = {
  AWAITING_HEAD: 0,
  IN_BODY: 1,
  ENDED: 2,
} as const;

/** One request and its response. The engine makes it and the connection holds on to it: there is nothing to look up. */
export class Http2Stream<Token> {
  readonly id: number;
  /** The caller's own object, given back in every callback. */
  readonly token: Token;
  /** One of `StreamState`; changed by {@link advance} alone. */
  state: number = StreamState.IDLE;
  /** One of `ResponsePhase`. */
  phase: number = ResponsePhase.AWAITING_HEAD;
  readonly receiveWindow: StreamReceiveWindow;
  /** The request body; `null` where the request ended with its head. */
  outbound: OutboundBody<Http2Stream<Token>> | null = null;
  /** What WINDOW_UPDATE has added where there is no body: counted all the same, since even there it has a limit. */
  unusedCredit = 0;
  /** Where in the bytes of the connection the request starts: beyond what was handed over, nobody has seen it. */
  readonly startsAt: number;
  readonly isHead: boolean;
  readonly isConnect: boolean;
  informationalCount = 0;
  /** Octets of DATA that the response said it has; −1 if it did not say. */
  expectedLength = -1;
  receivedLength = 0;

  constructor(id: number, token: Token, window: number, startsAt: number, method: string) {
    this.id = id;
    this.token = token;
    this.receiveWindow = new StreamReceiveWindow(window);
    this.startsAt = startsAt;
    this.isHead = method === 'HEAD';
    this.isConnect = method === 'CONNECT';
  }

  /** Both directions have ended, or the stream was reset. */
  get isClosed(): boolean {
    return this.state === StreamState.CLOSED;
  }

  /** May more of the response come? */
  get isReceiving(): boolean {
    return this.state === StreamState.OPEN || this.state === StreamState.HALF_CLOSED_LOCAL;
  }

  /** Moves to the next state, or returns one of `Illegal` and stays. */
  advance(event: number): number {
    const next = transition(this.state, event);
    if (next <= StreamState.CLOSED) this.state = next;
    return next;
  }

  /** For events of our own. @throws {Error} on a transition that must not happen: a mistake in this engine. */
  advanceLocally(event: number): void {
    if (this.advance(event) > StreamState.CLOSED) throw new Error(`Stream ${this.id}: event ${event} in state ${this.state}`);
  }
}
