import { Buffer } from 'node:buffer';
import { Duplex } from 'node:stream';

import { clearTimeout, setTimeout } from '../time/platform.ts';
import type { ByteTransport, TransportFacts } from './byte-transport.ts';

type Callback = (error?: Error | null) => void;

/**
 * A transport as a stream, for those who want a socket: beside the bytes it has what is asked of one. When the peer has ended its direction,
 * it ends ours, as sockets do by themselves.
 */
export class TransportStream extends Duplex {
  readonly encrypted: boolean;
  /** What TLS verified, if there is any: a connection that was not good is never handed out. */
  readonly authorized: boolean;
  readonly alpnProtocol: string | false;
  readonly connecting = false;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  /** Milliseconds of silence after which `timeout` is emitted; 0: none. */
  timeout = 0;
  readonly #transport: ByteTransport;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #onDrained: Callback | undefined;
  #isPaused = false;

  constructor(transport: ByteTransport) {
    super({ allowHalfOpen: false });
    const { tls, alpnProtocol, remoteAddress, remotePort, localAddress, localPort }: TransportFacts = transport.facts;
    this.encrypted = tls !== undefined;
    this.authorized = this.encrypted;
    this.alpnProtocol = alpnProtocol ?? false;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.localAddress = localAddress;
    this.localPort = localPort;
    this.#transport = transport;
    transport.start({
      onBytes: (chunk) => this.#receive(chunk),
      onEnd: () => this.push(null),
      onDrain: () => this.#drained(),
      onClosed: (error) => this.destroy(error),
    });
  }

  setTimeout(milliseconds: number, listener?: () => void): this {
    this.timeout = milliseconds;
    if (listener !== undefined) {
      if (milliseconds === 0) this.off('timeout', listener);
      else this.once('timeout', listener);
    }
    this.#heard();
    return this;
  }

  /** The transport has it set already. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.#transport.ref();
    return this;
  }

  unref(): this {
    this.#transport.unref();
    return this;
  }

  override _read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#transport.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#heard();
    this.bytesWritten += chunk.length;
    // An empty write says nothing, and would not be followed by a drain.
    if (chunk.length === 0 || this.#transport.write(chunk)) callback();
    else this.#onDrained = callback;
  }

  override _final(callback: Callback): void {
    this.#transport.end();
    callback();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#silence);
    this.#transport.destroy();
    const waiting = this.#onDrained;
    this.#onDrained = undefined;
    waiting?.(error);
    callback(error);
  }

  #receive(chunk: Uint8Array): void {
    this.#heard();
    this.bytesRead += chunk.length;
    const own = this.#transport.keep() ? chunk : chunk.slice();
    if (this.push(Buffer.from(own.buffer, own.byteOffset, own.byteLength))) return;
    this.#isPaused = true;
    this.#transport.pause();
  }

  #drained(): void {
    this.#heard();
    const callback = this.#onDrained;
    this.#onDrained = undefined;
    callback?.();
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
    if (this.timeout === 0 || this.destroyed) return;
    this.#silence = setTimeout(() => this.emit('timeout'), this.timeout);
    this.#silence.unref();
  }
}
