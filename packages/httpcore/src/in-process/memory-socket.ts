import { Duplex } from 'node:stream';

import type { Clock, Scheduled } from '../time/clock.ts';

/** The other end of a {@link MemorySocket}. */
export interface MemorySocketPeer {
  /** There is room for more bytes from the peer. */
  onWanted(): void;
  /** `taken` is to be called when the peer has the bytes; `fresh`: nobody else holds their memory. */
  onWritten(bytes: Uint8Array, fresh: boolean, taken: () => void): void;
  /** Nothing is written any more. */
  onFinished(): void;
  onDestroyed(error: Error | null): void;
}

/** As for TCP connections on Linux, so that backpressure sets in where a program was tested with it. */
const highWaterMark = 65_536;

/**
 * What a Node server takes for a socket: a duplex stream with those members of `net.Socket` that servers and frameworks
 * look at. Its addresses are those of loopback, since access logs and rate limiters insist on one.
 */
export class MemorySocket extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  readonly remoteFamily = 'IPv4';
  readonly remotePort = 0;
  readonly localAddress = '127.0.0.1';
  readonly localPort: number;
  /** What frameworks read to tell `https` from `http`. */
  readonly encrypted: boolean;

  readonly #peer: MemorySocketPeer;
  readonly #clock: Clock;
  #idleLimit = 0;
  #lastActive = 0;
  #idleTimer: Scheduled | null = null;

  constructor(peer: MemorySocketPeer, clock: Clock, localPort: number, encrypted: boolean) {
    super({ highWaterMark, allowHalfOpen: true });
    this.#peer = peer;
    this.#clock = clock;
    this.localPort = localPort;
    this.encrypted = encrypted;
  }

  /** Bytes of the peer. Returns false when no more are wanted before `onWanted`. */
  receive(bytes: Uint8Array): boolean {
    this.#lastActive = this.#clock.now();
    return this.push(bytes);
  }

  /** The peer has ended its direction. */
  receiveEnd(): void {
    this.push(null);
  }

  override _read(): void {
    this.#peer.onWanted();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#lastActive = this.#clock.now();
    this.#peer.onWritten(chunk, false, callback);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], callback: () => void): void {
    this.#lastActive = this.#clock.now();
    this.#peer.onWritten(Buffer.concat(chunks.map(({ chunk }) => chunk)), true, callback);
  }

  override _final(callback: () => void): void {
    this.#peer.onFinished();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#idleTimer?.cancel();
    this.#peer.onDestroyed(error);
    callback(error);
  }

  // Of `net.Socket`

  address(): { readonly address: string; readonly family: string; readonly port: number } {
    return { address: this.localAddress, family: this.remoteFamily, port: this.localPort };
  }

  /** Emits `timeout` when nothing has come or gone for so many milliseconds; 0 turns it off. */
  setTimeout(limit: number, callback?: () => void): this {
    this.#idleTimer?.cancel();
    this.#idleTimer = null;
    this.#idleLimit = limit;
    if (callback !== undefined) {
      if (limit === 0) this.removeListener('timeout', callback);
      else this.once('timeout', callback);
    }
    this.#lastActive = this.#clock.now();
    if (limit > 0 && !this.destroyed) this.#watchIdle(limit);
    return this;
  }

  #watchIdle(delay: number): void {
    this.#idleTimer = this.#clock.schedule(
      delay,
      () => {
        const left = this.#lastActive + this.#idleLimit - this.#clock.now();
        this.#watchIdle(left > 0 ? left : this.#idleLimit);
        if (left <= 0) this.emit('timeout');
      },
      true,
    );
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
