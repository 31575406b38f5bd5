/**
 * The client's half of a SOCKS handshake, without I/O: what is sent, what is awaited, what may follow what.
 *
 *   idle ──greet──▶ greeting ──request─────────────────────────▶ request ──establish──▶ established
 *     │                 └──authenticate──▶ authentication ──request──▶┘
 *     └──request (SOCKS4 has nothing before it)──────────────────────▶┘            fail: from each of them to failed
 *
 * The versions differ in the messages alone, so the table below is the same for both. One message is under way at a time: greeting and request
 * could leave together, but there are servers that read the first and drop what came with it.
 */
import { ProxyError } from '../../contract/errors.ts';
import type { ByteSink } from '../byte-sink.ts';

export type SocksState = 'idle' | 'greeting' | 'authentication' | 'request' | 'established' | 'failed';
type SocksEvent = SocksMove['event'];

const transitions: Readonly<Record<SocksState, Readonly<Partial<Record<SocksEvent, SocksState>>>>> = {
  idle: { greet: 'greeting', request: 'request', fail: 'failed' },
  greeting: { authenticate: 'authentication', request: 'request', fail: 'failed' },
  authentication: { request: 'request', fail: 'failed' },
  request: { establish: 'established', fail: 'failed' },
  established: {},
  failed: {},
};

/** What follows from an answer that took `taken` octets. */
export type SocksMove =
  | { readonly event: 'greet' | 'authenticate' | 'request'; readonly taken: number; readonly message: Uint8Array }
  | { readonly event: 'establish'; readonly taken: number }
  | { readonly event: 'fail'; readonly error: ProxyError; readonly reply?: number };

/** The messages of one version. */
export interface SocksDialogue {
  open(): SocksMove;
  /**
   * Reads the answer to the last message. `null`: it is not complete. What can't be right is told by its first octet that isn't, so that the
   * outcome does not depend on how the octets arrive; and so that `received` never has to grow past the longest answer, which has 262.
   */
  answer(state: SocksState, received: Uint8Array): SocksMove | null;
}

export interface SocksHandler {
  /** The tunnel stands. `rest` is what came behind the last reply, perhaps nothing; it is only valid during the call. */
  onEstablished(rest: Uint8Array): void;
  /** There will be no tunnel. `reply` is the code of the proxy's refusal, where it sent one. */
  onFailed(error: ProxyError, reply: number | undefined): void;
}

const nothing: Uint8Array = new Uint8Array(0);

/** One handshake. It tells its handler one thing, once; after that every call does nothing. */
export class SocksHandshake {
  readonly #dialogue: SocksDialogue;
  readonly #sink: ByteSink;
  readonly #handler: SocksHandler;
  #state: SocksState = 'idle';
  #received: Uint8Array = nothing;

  constructor(dialogue: SocksDialogue, sink: ByteSink, handler: SocksHandler) {
    this.#dialogue = dialogue;
    this.#sink = sink;
    this.#handler = handler;
  }

  /** Sends the first message. */
  start(): void {
    if (!this.#over) this.#perform(this.#dialogue.open());
  }

  /** Takes what the proxy sent; `chunk` need only be valid during the call. */
  receive(chunk: Uint8Array): void {
    if (this.#over || chunk.length === 0) return;
    if (this.#state === 'idle')
      return this.#fail('PROXY_PROTOCOL', 'The proxy spoke before it was asked anything; it does not speak SOCKS');
    this.#received = this.#received.length === 0 ? chunk : joined(this.#received, chunk);
    let move: SocksMove | null;
    while (!this.#over && (move = this.#dialogue.answer(this.#state, this.#received)) !== null) this.#perform(move);
    // The beginning of an answer is kept beyond the call. It is copied: the chunk's memory is not ours.
    this.#received = this.#over ? nothing : new Uint8Array(this.#received);
  }

  /** The proxy has ended its direction, or the connection is gone. */
  receiveEnd(): void {
    if (!this.#over) this.#fail('PROXY_CLOSED', 'The proxy closed the connection before its SOCKS handshake was complete');
  }

  get #over(): boolean {
    return this.#state === 'established' || this.#state === 'failed';
  }

  #fail(code: string, message: string): void {
    this.#perform({ event: 'fail', error: new ProxyError(message, { code, phase: 'proxy' }) });
  }

  /** The state changes before anybody is told: they may call back. */
  #perform(move: SocksMove): void {
    const next = transitions[this.#state][move.event];
    if (next === undefined) throw new Error(`A SOCKS handshake can't ${move.event} while ${this.#state}`);
    this.#state = next;
    if (move.event === 'fail') return this.#handler.onFailed(move.error, move.reply);
    this.#received = this.#received.subarray(move.taken);
    if (move.event === 'establish') return this.#handler.onEstablished(this.#received);
    // At most a few hundred octets, each message after an answer: whether the sink is full does not matter.
    this.#sink.write(move.message);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
