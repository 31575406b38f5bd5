/** `ByteTransport` over a socket of Node's, plain or TLS. */
import type { OnReadOpts, Socket } from 'node:net';

import type { ByteTransport, TransportFacts, TransportHandler } from './byte-transport.ts';
import type { ReadMemory } from './read-memory.ts';

/** How far writes may run ahead of the system before `write` asks to stop. In bytes; Node's own default differs between versions. */
export const writeHighWaterMark = 65_536;

/**
 * Reads come in one of two ways:
 * - `onread`: Node reads into memory of ours ({@link ReadMemory}), without a stream in between. It has to be given when the
 *   socket is made, so it is for sockets that `open-socket` makes.
 * - `data` events, for a socket that is already there. That is the only way for TLS over an existing socket: Node drops
 *   `onread` then (`tls.TLSSocket`, every version so far).
 *
 * Node begins to read as soon as a socket is connected. Bytes that come before `start` are kept, and reading stops until then.
 */
export class SocketTransport implements ByteTransport {
  readonly #socket: Socket;
  readonly #memory: ReadMemory | null;
  #facts: TransportFacts | undefined;
  #handler: TransportHandler | null = null;
  /** What came before `start`, copied. `null` once it has been delivered: from then on everything goes straight through. */
  #early: Buffer[] | null = [];
  #earlyEnd = false;
  #earlyClose = false;
  #paused = false;
  #referenced = true;
  #destroyed = false;
  #error: Error | undefined;

  private constructor(memory: ReadMemory | null, open: (onread: OnReadOpts | undefined) => Socket) {
    this.#memory = memory;
    this.#socket = open(
      memory === null ? undefined : { buffer: () => memory.next(), callback: (length: number) => this.#onRead(memory, length) },
    );
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('drain', () => this.#onDrain());
    this.#socket.on('error', (error) => (this.#error ??= error));
    this.#socket.on('close', () => this.#onClosed());
  }

  /** The transport of a socket that `open` makes; it must give `onread` to Node, and allow half-open. */
  static opening(memory: ReadMemory, open: (onread: OnReadOpts | undefined) => Socket): SocketTransport {
    return new SocketTransport(memory, open);
  }

  /** The transport of a connected socket, made with `allowHalfOpen`, from which nobody reads yet. */
  static over(socket: Socket, facts: TransportFacts): SocketTransport {
    const transport = new SocketTransport(null, () => socket);
    transport.#facts = facts;
    return transport;
  }

  get facts(): TransportFacts {
    if (this.#facts === undefined) throw new Error('The transport is not connected yet');
    return this.#facts;
  }

  /** Called once by who opens the socket, when it is ready. */
  setFacts(facts: TransportFacts): void {
    this.#facts = facts;
  }

  start(handler: TransportHandler): void {
    if (this.#handler !== null) throw new Error('The transport was already started');
    this.#handler = handler;
    if (this.#early?.length === 0 && !this.#earlyEnd && !this.#earlyClose) this.#early = null;
    else queueMicrotask(() => this.#deliverEarly(handler));
    if (this.#memory === null) this.#socket.on('data', (chunk: Buffer) => this.#onData(handler, chunk));
  }

  write(data: string | Uint8Array): boolean {
    const socket = this.#socket;
    if (this.#destroyed || socket.destroyed) return false;
    // An empty write makes TLS deliver what it has decrypted, from inside the write: the handler would be re-entered.
    if (data.length === 0) return !socket.writableNeedDrain;
    return typeof data === 'string' ? socket.write(data, 'latin1') : socket.write(data);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  keep(): boolean {
    // Without `onread` the stream makes new memory for every chunk, and does not look at it again.
    return this.#memory === null || this.#memory.keep();
  }

  ref(): void {
    if (this.#referenced) return;
    this.#referenced = true;
    this.#socket.ref();
  }

  unref(): void {
    if (!this.#referenced) return;
    this.#referenced = false;
    this.#socket.unref();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#socket.destroy();
  }

  /** The return value is Node's: false stops reading until `resume`. */
  #onRead(memory: ReadMemory, length: number): boolean {
    const chunk = memory.deliver(length);
    if (this.#early !== null) {
      this.#early.push(Buffer.from(chunk));
      memory.delivered();
      return false;
    }
    this.#onData(this.#handler!, chunk);
    memory.delivered();
    return true;
  }

  #onData(handler: TransportHandler, chunk: Buffer): void {
    if (this.#destroyed) return;
    try {
      handler.onBytes(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  #onEnd(): void {
    if (this.#early !== null) {
      this.#earlyEnd = true;
      return;
    }
    if (this.#destroyed) return;
    try {
      this.#handler!.onEnd();
    } catch (error) {
      this.#fail(error);
    }
  }

  #onDrain(): void {
    if (this.#destroyed || this.#handler === null) return;
    try {
      this.#handler.onDrain();
    } catch (error) {
      this.#fail(error);
    }
  }

  #onClosed(): void {
    if (this.#early !== null) {
      this.#earlyClose = true;
      return;
    }
    try {
      this.#handler!.onClosed(this.#error);
    } catch {
      // The last call: nothing is left that could be told, or closed.
    }
  }

  #deliverEarly(handler: TransportHandler): void {
    const chunks = this.#early ?? [];
    this.#early = null;
    for (const chunk of chunks) this.#onData(handler, chunk);
    if (this.#earlyEnd) this.#onEnd();
    if (this.#earlyClose) this.#onClosed();
    // The early bytes stopped the reading.
    else if (!this.#paused && !this.#destroyed) this.#socket.resume();
  }

  #fail(thrown: unknown): void {
    this.#error ??= thrown instanceof Error ? thrown : new Error(String(thrown));
    this.destroy();
  }
}
