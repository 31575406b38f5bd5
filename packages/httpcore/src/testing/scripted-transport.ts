/**
 * A transport whose peer is the test. It keeps every rule of `ByteTransport`, and is stricter than a socket where that finds
 * mistakes: the memory of a delivered chunk is overwritten as soon as `onBytes` returns, unless `keep()` was called.
 */
import type { ByteTransport, TransportFacts, TransportHandler } from '../net/byte-transport.ts';

/** What was asked of the transport, in order. A write under `cork` is one `write` when the cork comes off. */
export type TransportCall =
  | { readonly type: 'write'; readonly bytes: Uint8Array }
  | { readonly type: 'start' | 'cork' | 'uncork' | 'pause' | 'resume' | 'keep' | 'ref' | 'unref' | 'end' | 'destroy' | 'release' };

/** What a scripted transport pretends: its facts, whether it can be kept, when it asks to wait. */
export interface ScriptedTransportOptions {
  /** What `facts` says; the rest is a plain TCP connection between 127.0.0.1:50000 and 127.0.0.1:80. */
  readonly facts?: Partial<TransportFacts> | undefined;
  /** What `keep()` answers. Default `true`. */
  readonly keepable?: boolean | undefined;
  /** Bytes that may be written before `write` returns false; `drain()` starts anew. Default `Infinity`. */
  readonly highWaterMark?: number | undefined;
}

const plainFacts: TransportFacts = Object.freeze({
  remoteAddress: '127.0.0.1',
  remotePort: 80,
  localAddress: '127.0.0.1',
  localPort: 50_000,
  alpnProtocol: undefined,
  tls: undefined,
});

// What a chunk holds once it is no longer valid: neither NUL nor text, so that no test takes it for data.
const poison = 0xdb;

type Inbound = { readonly type: 'bytes'; readonly bytes: Uint8Array } | { readonly type: 'end' } | { readonly type: 'drain' };

/**
 * A {@link ByteTransport} without a socket. The test plays the peer: {@link ScriptedTransport.receive},
 * {@link ScriptedTransport.receiveEnd}, {@link ScriptedTransport.drain} and {@link ScriptedTransport.close} call the handler
 * synchronously when they may (started, not paused, not inside the handler); else the event waits until the next of them, or
 * until the current promise callbacks have run.
 *
 * @example
 * const transport = new ScriptedTransport();
 * const connection = openConnection(transport);
 * transport.receive('HTTP/1.1 204 No Content\r\n\r\n');
 * expect(transport.written).toBe('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
 */
export class ScriptedTransport implements ByteTransport {
  readonly facts: TransportFacts;
  /** Everything that was asked of this transport, in order. */
  readonly calls: TransportCall[] = [];
  /** What `keep()` answers inside `onBytes`. */
  keepable: boolean;
  /** Bytes that may be written until the next {@link ScriptedTransport.drain} before `write` returns false. */
  highWaterMark: number;
  /** The first thing that the handler threw: the transport was destroyed for it. */
  handlerError: unknown = undefined;

  #handler: TransportHandler | undefined;
  readonly #inbound: Inbound[] = [];
  #closing: { readonly error: Error | undefined } | undefined;
  #delivering = false;
  #flushPlanned = false;
  #paused = false;
  #referenced = true;
  #ended = false;
  #destroyed = false;
  #closed = false;
  #corked = 0;
  #gathered: Uint8Array[] = [];
  #undrained = 0;
  #drainOwed = false;
  #keep: 'outside' | 'asked' | 'not-asked' = 'outside';
  #peerEnded = false;

  constructor(options: ScriptedTransportOptions = {}) {
    this.facts = { ...plainFacts, ...options.facts };
    this.keepable = options.keepable ?? true;
    this.highWaterMark = options.highWaterMark ?? Infinity;
  }

  // --- what a connection does -------------------------------------------------------------------------------------------

  start(handler: TransportHandler): void {
    if (this.#handler !== undefined) throw new Error('ScriptedTransport: started twice');
    this.calls.push({ type: 'start' });
    this.#handler = handler;
    this.#planFlush();
  }

  write(data: string | Uint8Array): boolean {
    if (this.#destroyed) return false;
    if (this.#ended) throw new Error('ScriptedTransport: write after end');
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Uint8Array.from(data);
    if (this.#corked > 0) this.#gathered.push(bytes);
    else this.calls.push({ type: 'write', bytes });
    this.#undrained += bytes.length;
    if (this.#undrained < this.highWaterMark) return true;
    this.#drainOwed = true;
    return false;
  }

  cork(): void {
    this.calls.push({ type: 'cork' });
    this.#corked++;
  }

  uncork(): void {
    if (this.#corked === 0) throw new Error('ScriptedTransport: uncork without cork');
    if (--this.#corked === 0) this.#writeGathered();
    this.calls.push({ type: 'uncork' });
  }

  pause(): void {
    this.calls.push({ type: 'pause' });
    this.#paused = true;
  }

  resume(): void {
    this.calls.push({ type: 'resume' });
    this.#paused = false;
    this.#planFlush();
  }

  keep(): boolean {
    this.calls.push({ type: 'keep' });
    if (this.#keep === 'outside' || !this.keepable) return false;
    this.#keep = 'asked';
    return true;
  }

  ref(): void {
    this.calls.push({ type: 'ref' });
    this.#referenced = true;
  }

  unref(): void {
    this.calls.push({ type: 'unref' });
    this.#referenced = false;
  }

  end(): void {
    this.calls.push({ type: 'end' });
    if (this.#ended || this.#destroyed) return;
    this.#ended = true;
    this.#writeGathered();
    this.#closeWhenBothEnded();
  }

  destroy(): void {
    this.calls.push({ type: 'destroy' });
    this.#destroy(undefined);
  }

  release(rest: Uint8Array): void {
    this.calls.push({ type: 'release' });
    this.#handler = undefined;
    this.#paused = false;
    if (rest.length > 0) this.#inbound.unshift({ type: 'bytes', bytes: Uint8Array.from(rest) });
  }

  // --- what the test does as the peer -----------------------------------------------------------------------------------

  /** The peer sends bytes; a string is Latin-1. Delivered as one chunk. */
  receive(data: string | Uint8Array): void {
    if (this.#peerEnded) throw new Error('ScriptedTransport: the peer has already ended its direction');
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Uint8Array.from(data);
    if (bytes.length > 0) this.#push({ type: 'bytes', bytes });
  }

  /** The peer ends its direction. When both directions have ended the transport closes, as a socket does. */
  receiveEnd(): void {
    if (this.#peerEnded) return;
    this.#peerEnded = true;
    this.#push({ type: 'end' });
  }

  /** The peer has taken everything; `onDrain` follows if a `write` had returned false. */
  drain(): void {
    this.#undrained = 0;
    if (!this.#drainOwed) return;
    this.#drainOwed = false;
    this.#push({ type: 'drain' });
  }

  /** The connection is gone, with the system's error or without. Bytes that were not delivered yet are lost. */
  close(error?: Error): void {
    this.#destroy(error);
    this.flush();
  }

  /** Delivers what waits, if it may be delivered. Called by itself once the current promise callbacks have run. */
  flush(): void {
    if (this.#delivering || this.#handler === undefined || this.#closed) return;
    this.#delivering = true;
    try {
      // A handler may release the transport from inside of a call.
      for (let handler: TransportHandler | undefined = this.#handler; handler !== undefined && this.#deliverNext(handler);) {
        handler = this.#handler as TransportHandler | undefined;
      }
    } finally {
      this.#delivering = false;
    }
  }

  /** All bytes written so far, as Latin-1 text; bytes under a cork are not written yet. */
  get written(): string {
    return Buffer.concat(this.writes).toString('latin1');
  }

  /** Each write that would have reached the system: one per `write`, or one per cork. */
  get writes(): readonly Uint8Array[] {
    return this.calls.flatMap((call) => (call.type === 'write' ? [call.bytes] : []));
  }

  /** What was written since the last call, as Latin-1 text. */
  takeWritten(): string {
    const all = this.written;
    const fresh = all.slice(this.#taken);
    this.#taken = all.length;
    return fresh;
  }
  #taken = 0;

  get started(): boolean {
    return this.#handler !== undefined;
  }
  get paused(): boolean {
    return this.#paused;
  }
  /** Would this transport keep the process alive? */
  get referenced(): boolean {
    return this.#referenced && !this.#destroyed;
  }
  /** Our direction has ended. */
  get ended(): boolean {
    return this.#ended;
  }
  /** `destroy` was called, or the connection is gone. */
  get destroyed(): boolean {
    return this.#destroyed;
  }
  /** `onClosed` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  // --- delivery ---------------------------------------------------------------------------------------------------------

  #push(event: Inbound): void {
    if (this.#destroyed) return;
    this.#inbound.push(event);
    this.flush();
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    queueMicrotask(() => {
      this.#flushPlanned = false;
      this.flush();
    });
  }

  /** Returns whether there may be more to deliver. */
  #deliverNext(handler: TransportHandler): boolean {
    if (this.#closing !== undefined) {
      this.#closed = true;
      const { error } = this.#closing;
      this.#guard(() => handler.onClosed(error));
      return false;
    }
    // A pause holds back bytes and what comes after them in their direction; it says nothing about our own.
    const index = this.#paused ? this.#inbound.findIndex((event) => event.type === 'drain') : 0;
    const event = index === -1 ? undefined : this.#inbound[index];
    if (event === undefined) return false;
    this.#inbound.splice(index, 1);
    if (event.type === 'bytes') this.#deliverBytes(handler, event.bytes);
    else if (event.type === 'drain') this.#guard(() => handler.onDrain());
    else {
      this.#guard(() => handler.onEnd());
      this.#closeWhenBothEnded();
    }
    return true;
  }

  #deliverBytes(handler: TransportHandler, bytes: Uint8Array): void {
    this.#keep = 'not-asked';
    this.#guard(() => handler.onBytes(bytes));
    const kept = (this.#keep as string) === 'asked';
    this.#keep = 'outside';
    if (!kept) bytes.fill(poison);
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.handlerError ??= error;
      this.#destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #closeWhenBothEnded(): void {
    const endDelivered = this.#peerEnded && !this.#inbound.some((event) => event.type === 'end');
    if (this.#ended && endDelivered) this.#destroy(undefined);
  }

  #destroy(error: Error | undefined): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#inbound.length = 0;
    this.#gathered = [];
    this.#closing = { error };
    this.#planFlush();
  }

  #writeGathered(): void {
    if (this.#gathered.length === 0) return;
    this.calls.push({ type: 'write', bytes: Buffer.concat(this.#gathered) });
    this.#gathered = [];
  }
}
