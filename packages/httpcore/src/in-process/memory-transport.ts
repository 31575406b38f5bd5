/**
 * A connection in memory: a `ByteTransport` at our end, a socket for a Node server at the other.
 *
 * Bytes travel in a turn of the event loop of their own, both ways, as they would between sockets: neither end is ever
 * called from inside a call of the other, and an endless body leaves timers and sockets their turn. What is written while
 * the other end does not read stays here, and the writer is told to stop.
 */
import type { ByteTransport, TransportFacts, TransportHandler } from '../net/byte-transport.ts';
import { toError } from '../contract/thrown.ts';
import type { Clock } from '../time/clock.ts';
import { MemorySocket, type MemorySocketPeer } from './memory-socket.ts';
import { ProcessRef } from './process-ref.ts';

const highWaterMark = 65_536;

interface Written {
  readonly bytes: Uint8Array;
  readonly fresh: boolean;
  readonly taken: () => void;
}

export class MemoryTransport implements ByteTransport, MemorySocketPeer {
  readonly facts: TransportFacts = Object.freeze({
    remoteAddress: undefined,
    remotePort: undefined,
    localAddress: undefined,
    localPort: undefined,
    alpnProtocol: undefined,
    tls: undefined,
  });
  /** The server's end. */
  readonly socket: MemorySocket;

  readonly #clock: Clock;
  readonly #processRef: ProcessRef;
  #handler: TransportHandler | null = null;
  #turnPlanned = false;

  // To the server
  readonly #outward: Uint8Array[] = [];
  #outwardSize = 0;
  #wanted = false;
  #drainOwed = false;
  #corked = 0;
  #ending: 'no' | 'asked' | 'done' = 'no';

  // From the server
  readonly #inward: Written[] = [];
  #inwardEnd: 'no' | 'asked' | 'done' = 'no';
  #closing: { readonly error: Error | undefined } | null = null;
  #paused = false;
  #delivering: Written | null = null;
  #destroyed = false;
  #closed = false;

  constructor(clock: Clock, port: number, encrypted: boolean) {
    this.#clock = clock;
    this.#processRef = new ProcessRef(clock);
    this.#processRef.take();
    this.socket = new MemorySocket(this, clock, port, encrypted);
  }

  // From the connection

  start(handler: TransportHandler): void {
    this.#handler = handler;
    this.#planTurn();
  }

  write(data: string | Uint8Array): boolean {
    if (this.#destroyed) return false;
    if (data.length > 0) {
      // By copy: the server's side keeps what it is given, and the caller may fill the same memory again.
      const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data);
      this.#outward.push(bytes);
      this.#outwardSize += bytes.length;
      this.#planTurn();
    }
    if (this.#outwardSize < highWaterMark) return true;
    this.#drainOwed = true;
    return false;
  }

  cork(): void {
    this.#corked += 1;
  }

  uncork(): void {
    this.#corked -= 1;
    this.#planTurn();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#planTurn();
  }

  keep(): boolean {
    return this.#delivering?.fresh === true;
  }

  ref(): void {
    if (!this.#closed) this.#processRef.take();
  }

  unref(): void {
    this.#processRef.release();
  }

  end(): void {
    if (this.#ending === 'no') this.#ending = 'asked';
    this.#planTurn();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#outward.length = 0;
    this.#inward.length = 0;
    this.socket.destroy();
    this.#planTurn();
  }

  release(rest: Uint8Array): void {
    this.#handler = null;
    this.#paused = false;
    if (rest.length > 0) this.#inward.unshift({ bytes: Uint8Array.from(rest), fresh: true, taken() {} });
  }

  // From the server's end

  onWanted(): void {
    this.#wanted = true;
    this.#planTurn();
  }

  onWritten(bytes: Uint8Array, fresh: boolean, taken: () => void): void {
    this.#inward.push({ bytes, fresh, taken });
    this.#planTurn();
  }

  onFinished(): void {
    if (this.#inwardEnd === 'no') this.#inwardEnd = 'asked';
    this.#planTurn();
  }

  onDestroyed(error: Error | null): void {
    this.#closing = { error: error ?? undefined };
    this.#planTurn();
  }

  // A turn

  #planTurn(): void {
    if (this.#turnPlanned || this.#closed) return;
    this.#turnPlanned = true;
    this.#clock.nextTurn(() => {
      this.#turnPlanned = false;
      this.#deliverOutward();
      if (this.#handler !== null) this.#deliverInward(this.#handler);
    });
  }

  #deliverOutward(): void {
    if (this.#corked > 0 || this.socket.destroyed) return;
    while (this.#wanted) {
      const bytes = this.#outward.shift();
      if (bytes === undefined) break;
      this.#outwardSize -= bytes.length;
      this.#wanted = this.socket.receive(bytes);
    }
    if (this.#ending === 'asked' && this.#outward.length === 0) {
      this.#ending = 'done';
      this.socket.receiveEnd();
    }
  }

  #deliverInward(handler: TransportHandler): void {
    if (this.#drainOwed && this.#outwardSize === 0 && !this.#destroyed) {
      this.#drainOwed = false;
      this.#guard(() => handler.onDrain());
    }
    // What is written meanwhile waits for the next turn: a server that never stops must not hold this one.
    for (let count = this.#inward.length; count > 0 && !this.#paused && !this.#destroyed; count -= 1) {
      const written = this.#inward.shift()!;
      this.#delivering = written;
      this.#guard(() => handler.onBytes(written.bytes));
      this.#delivering = null;
      written.taken();
    }
    if (this.#inward.length === 0 && !this.#paused) this.#deliverEnd(handler);
    if (this.#destroyed) this.#close(handler, this.#closing?.error);
  }

  /** The server may have written, ended and destroyed at once: what it wrote comes first. */
  #deliverEnd(handler: TransportHandler): void {
    const closing = this.#closing;
    const ended = this.#inwardEnd === 'asked' || (closing !== null && closing.error === undefined && this.#inwardEnd === 'no');
    if (ended && !this.#destroyed) {
      this.#inwardEnd = 'done';
      this.#guard(() => handler.onEnd());
    }
    if (closing !== null) this.#close(handler, closing.error);
  }

  #close(handler: TransportHandler, error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#destroyed = true;
    this.#processRef.release();
    this.#guard(() => handler.onClosed(error));
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#closing ??= { error: toError(error) };
      this.destroy();
    }
  }
}
