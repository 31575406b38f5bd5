import { MemoryTransport } from '../in-process/memory-transport.ts';
import type { MemorySocket } from '../in-process/memory-socket.ts';
import type { ByteTransport, TransportFacts, TransportHandler } from '../net/byte-transport.ts';
import type { Clock } from '../time/clock.ts';
import { Lane, type Link } from './link.ts';

/** As much as is under way, in each direction, before a writer is told to wait. */
const window = 256 * 1024;

interface Arrived {
  readonly bytes: Uint8Array | null;
}

/** A connection in memory with a link between its ends. */
export class LinkedTransport implements ByteTransport {
  readonly facts: TransportFacts;
  readonly #near: MemoryTransport;
  readonly #clock: Clock;
  readonly #out: Lane;
  readonly #in: Lane;
  readonly #onGone: (transport: LinkedTransport) => void;
  #handler: TransportHandler | undefined;
  #isStarted = false;
  readonly #arrived: Arrived[] = [];
  #paused = false;
  #drainOwed = false;
  #corked = 0;
  #gathered: Uint8Array[] = [];
  #isEnding = false;
  #isDelivering = false;
  #closing: { readonly error: Error | undefined } | undefined;
  #isClosed = false;

  constructor(
    clock: Clock,
    link: Link,
    random: () => number,
    target: { readonly port: number; readonly encrypted: boolean },
    facts: TransportFacts,
    onGone: (transport: LinkedTransport) => void,
  ) {
    this.#clock = clock;
    this.facts = facts;
    this.#onGone = onGone;
    this.#near = new MemoryTransport(clock, target.port, target.encrypted);
    this.#out = new Lane(clock, link, random, () => this.reset());
    this.#in = new Lane(clock, link, random, () => this.reset());
  }

  /** The server's end. */
  get socket(): MemorySocket {
    return this.#near.socket;
  }

  /** As when the other side, or something on the way, sends a RST: both ends lose the connection at once. */
  reset(): void {
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    this.#near.socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    this.#close(error);
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#near.start({
        onBytes: (chunk) => this.#receive(Uint8Array.from(chunk)),
        onEnd: () => this.#in.sendEnd(() => this.#arrive({ bytes: null })),
        onDrain: () => {},
        onClosed: (error) => this.#in.sendEnd(() => this.#close(error)),
      });
    }
    this.#plan();
  }

  write(data: string | Uint8Array): boolean {
    if (this.#closing !== undefined) return false;
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Uint8Array.from(data);
    if (this.#corked > 0) this.#gathered.push(bytes);
    else this.#send(bytes);
    if (this.#out.inFlight < window) return true;
    this.#drainOwed = true;
    return false;
  }

  cork(): void {
    this.#corked += 1;
  }

  uncork(): void {
    this.#corked -= 1;
    if (this.#corked > 0 || this.#gathered.length === 0) return;
    this.#send(Buffer.concat(this.#gathered.splice(0)));
  }

  pause(): void {
    this.#paused = true;
    this.#near.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#in.inFlight < window) this.#near.resume();
    this.#plan();
  }

  /** What was received is a copy. */
  keep(): boolean {
    return this.#isDelivering;
  }

  ref(): void {
    this.#near.ref();
  }

  unref(): void {
    this.#near.unref();
  }

  end(): void {
    if (this.#isEnding || this.#closing !== undefined) return;
    this.#isEnding = true;
    this.#out.sendEnd(() => this.#near.end());
  }

  destroy(): void {
    this.#close(undefined);
  }

  release(rest: Uint8Array): void {
    this.#handler = undefined;
    this.#paused = false;
    if (rest.length > 0) this.#arrived.unshift({ bytes: Uint8Array.from(rest) });
  }

  #send(bytes: Uint8Array): void {
    this.#out.send(bytes.length, () => {
      this.#near.write(bytes);
      if (!this.#drainOwed || this.#out.inFlight > window / 2) return;
      this.#drainOwed = false;
      this.#handler?.onDrain();
    });
  }

  #receive(bytes: Uint8Array): void {
    this.#in.send(bytes.length, () => {
      if (!this.#paused && this.#in.inFlight < window) this.#near.resume();
      this.#arrive({ bytes });
    });
    if (this.#in.inFlight >= window) this.#near.pause();
  }

  #arrive(arrived: Arrived): void {
    this.#arrived.push(arrived);
    this.#deliver();
  }

  #plan(): void {
    if (this.#arrived.length > 0) this.#clock.nextTurn(() => this.#deliver());
  }

  #deliver(): void {
    while (this.#arrived.length > 0 && !this.#paused && !this.#isDelivering && this.#closing === undefined) {
      const handler = this.#handler;
      if (handler === undefined) return;
      const { bytes } = this.#arrived.shift()!;
      this.#isDelivering = true;
      try {
        if (bytes === null) handler.onEnd();
        else handler.onBytes(bytes);
      } catch (error) {
        this.#close(error instanceof Error ? error : new Error(String(error)));
      } finally {
        this.#isDelivering = false;
      }
    }
  }

  #close(error: Error | undefined): void {
    if (this.#closing !== undefined) return;
    this.#closing = { error };
    this.#out.stop();
    this.#in.stop();
    this.#near.destroy();
    this.#onGone(this);
    this.#clock.nextTurn(() => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.#handler?.onClosed(error);
    });
  }
}
