/** `ByteTransport` over a socket of Node's, plain or TLS. */
import { Socket, type OnReadOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { toError } from '../contract/thrown.ts';

import type { ByteTransport, TransportFacts, TransportHandler } from './byte-transport.ts';
import { queueMicrotask, setImmediate } from '../time/platform.ts';
import { confirmEnd } from './confirmed-end.ts';
import { lendMemory } from './lend-memory.ts';
import type { ReadMemory } from './read-memory.ts';
import { areSocketsTakenOver } from './taken-over.ts';
import { outliveWrites } from './write-failure.ts';

/** A socket, or a stream that stands for one. */
export type SocketStream = Socket | (Duplex & { ref(): unknown; unref(): unknown });

const beyondAscii = /[^\0-\x7f]/;

/** How far writes may run ahead of the system before `write` asks to stop. In bytes; Node's own default differs between versions. */
export const writeHighWaterMark = 65_536;

/** What a connection that is gone may bring while its handler wants nothing, in bytes: so its failure is known soon, and little is held for it. */
const readInAdvance = 262_144;

/**
 * Reads come in one of two ways:
 * - `onread`: Node reads into memory of ours ({@link ReadMemory}), without a stream in between. It has to be given when the
 *   socket is made, so it is for sockets that `open-socket` makes.
 * - `data` events, for a stream that stands for a socket, for a socket that TLS will be put on, and for TLS on a socket that is already there where
 *   `lendMemory` can't help: Node drops `onread` then (`tls.TLSSocket`, every version so far).
 *
 * Node begins to read as soon as a socket is connected. Bytes that come before `start` are kept, and reading stops until then.
 */
export class SocketTransport implements ByteTransport {
  readonly #socket: SocketStream;
  readonly #memory: ReadMemory | null;
  /** Do chunks come through the stream? Then each has memory of its own. */
  #readsByStream: boolean;
  /** What keeps the process alive in the place of the socket, where that is not the one that the system knows. */
  #lifeline: { ref(): unknown; unref(): unknown };
  #facts: TransportFacts | undefined;
  #handler: TransportHandler | null = null;
  /** What came before `start`, copied. `null` once it has been delivered: from then on everything goes straight through. */
  #early: Buffer[] | null = [];
  #ended = false;
  #earlyEnd = false;
  #earlyClose = false;
  #paused = false;
  #referenced = true;
  #destroyed = false;
  #error: Error | undefined;
  /** A write has found the peer gone. What it sent before is still read; the failure is told where that ends. */
  #writeFailure: Error | undefined;
  /** Bytes that came since, while paused. */
  #advanced = 0;

  private constructor(
    memory: ReadMemory | null,
    open: (onread: OnReadOpts) => { readonly socket: SocketStream; readonly takesMemory: boolean },
  ) {
    const { socket, takesMemory } = open({
      buffer: () => memory!.next(),
      callback: (length: number) => this.#onRead(memory!, length),
    });
    this.#memory = takesMemory ? memory : null;
    this.#readsByStream = this.#memory === null;
    this.#socket = socket;
    this.#socket.on('end', () => confirmEnd(this.#socket, () => this.#onEnd()));
    this.#socket.on('drain', () => this.#onDrain());
    this.#socket.on('error', (error) => this.#onError(error));
    this.#socket.on('close', () => this.#onClosed());
    // A stream that stands for a socket has its own way to fail.
    if (this.#socket instanceof Socket) outliveWrites(this.#socket, (error) => this.#onWriteFailed(error));
    this.#lifeline = this.#socket;
  }

  /** The transport of a socket that `open` makes; it must give `onread` to Node, unless there is no memory, and allow half-open. */
  static opening(memory: ReadMemory | null, open: (onread: OnReadOpts) => Socket): SocketTransport {
    return new SocketTransport(memory, (onread) => ({ socket: open(onread), takesMemory: memory !== null }));
  }

  /** The transport of a socket that is there, made with `allowHalfOpen`, from which nobody reads yet. */
  static over(socket: SocketStream, facts: TransportFacts): SocketTransport {
    const transport = new SocketTransport(null, () => ({ socket, takesMemory: false }));
    transport.#facts = facts;
    return transport;
  }

  /** The transport of a TLS socket on the socket of another, which is its lifeline. */
  static within(under: SocketTransport, socket: Socket, memory: ReadMemory): SocketTransport {
    const transport = new SocketTransport(memory, (onread) => ({ socket, takesMemory: lendMemory(socket, onread) }));
    transport.#lifeline = under;
    return transport;
  }

  /** To put TLS on it, and for nothing else: from then on this transport is only its lifeline. */
  get socket(): SocketStream {
    return this.#socket;
  }

  /** Have bytes come that no handler has seen? */
  get holdsBytes(): boolean {
    return this.#early !== null && (this.#early.length > 0 || this.#socket.readableLength > 0);
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
    if (this.#memory !== null) {
      this.#listenForChunks(handler);
      return;
    }
    this.#socket.on('data', this.#onChunk);
    // It was paused when another had it.
    if (this.#early === null && this.#socket.isPaused()) this.#socket.resume();
  }

  /**
   * With `onread` nothing comes by way of the stream but from a stand-in (nock, MSW). Whoever listens to one before it has written seems to wait
   * for the server's greeting, and is connected to the server: what is sent at the end of this turn goes first.
   */
  #listenForChunks(handler: TransportHandler): void {
    if (!areSocketsTakenOver()) {
      this.#socket.on('data', this.#onChunk);
      return;
    }
    setImmediate(() => {
      if (this.#handler === handler) this.#socket.on('data', this.#onChunk);
    });
  }

  release(rest: Uint8Array): void {
    this.#handler = null;
    this.#paused = false;
    this.#early = rest.length === 0 ? [] : [Buffer.from(rest)];
    this.#socket.off('data', this.#onChunk);
    // What comes now is for who listens next: another handler, or TLS.
    if (this.#readsByStream) this.#socket.pause();
  }

  readonly #onChunk = (chunk: Buffer): void => {
    this.#readsByStream = true;
    if (this.#early === null) {
      this.#onData(this.#handler!, chunk);
      return;
    }
    this.#early.push(Buffer.from(chunk));
    this.#socket.pause();
  };

  write(data: string | Uint8Array): boolean {
    const socket: Duplex = this.#socket;
    if (this.#destroyed || socket.destroyed || this.#writeFailure !== undefined) return false;
    // An empty write makes TLS deliver what it has decrypted, from inside the write: the handler would be re-entered.
    if (data.length === 0) return !socket.writableNeedDrain;
    if (typeof data !== 'string') return socket.write(data);
    // There are TLS sockets that write every text as UTF-8.
    if (this.#facts?.tls !== undefined && beyondAscii.test(data)) return socket.write(Buffer.from(data, 'latin1'));
    return socket.write(data, 'latin1');
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
    if (this.#writeFailure === undefined) this.#socket.pause();
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
    this.#lifeline.ref();
  }

  unref(): void {
    if (!this.#referenced) return;
    this.#referenced = false;
    this.#lifeline.unref();
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

  #onData(handler: TransportHandler, chunk: Uint8Array): void {
    if (this.#destroyed) return;
    if (this.#writeFailure !== undefined && this.#paused) this.#advance(chunk.length);
    try {
      handler.onBytes(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  #onWriteFailed(error: Error): void {
    this.#writeFailure = error;
    if (this.#paused) this.#socket.resume();
  }

  #advance(length: number): void {
    this.#advanced += length;
    if (this.#advanced > readInAdvance) this.#socket.pause();
  }

  /**
   * After its handshake, TLS says what went wrong and leaves the socket open, whose end then comes as if all were well: a body that ends with
   * the connection would be taken for whole. What was read before has been delivered by now.
   */
  #onError(error: Error): void {
    this.#error ??= ofTls(error) ?? toError(error);
    this.#socket.destroy();
  }

  #onEnd(): void {
    if (this.#error !== undefined) return;
    if (this.#writeFailure !== undefined) {
      // The system tells of a reset once, and has: this end is none that the peer has sent.
      this.#onError(this.#writeFailure);
      return;
    }
    this.#ended = true;
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
    this.#takeRest();
    // No fault was told of, and no end either: something took the socket away. What was to come is missing.
    if (!this.#ended && !this.#destroyed) this.#error ??= new Error('it was closed without an end');
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

  /** A stream that was paused when it failed emits nothing any more, and still gives what it holds. */
  #takeRest(): void {
    if (!this.#readsByStream || this.#destroyed) return;
    for (let chunk: unknown = this.#socket.read(); chunk !== null && !this.#destroyed; chunk = this.#socket.read()) {
      this.#onChunk(chunk as Buffer);
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
    this.#error ??= toError(thrown);
    this.destroy();
  }
}

const alertName = /^(?:sslv3|tlsv1\d?) alert (.+)$/;

/** An error of OpenSSL's in words for people: its own message is a file name and numbers. `null` for any other. */
function ofTls(error: Error & { readonly code?: unknown; readonly reason?: unknown }): Error | null {
  const { code, reason } = error;
  if (typeof reason !== 'string' || typeof code !== 'string' || !code.startsWith('ERR_SSL_')) return null;
  const alert = alertName.exec(reason)?.[1];
  const message = alert === undefined ? `TLS failed: ${reason}` : `the peer sent the TLS alert "${alert}"`;
  return Object.assign(new Error(message, { cause: error }), { code });
}
