/** What the caller holds of a response: the bytes, as they come. */
import type { DuplexBody, ResponseBody } from '../contract/dispatcher.ts';
import type { HeaderPair } from '../contract/values.ts';
import { LocalProtocolError, WriteError, withCallerStack, type HttpCoreError } from '../contract/errors.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import type { BodyBuffer } from './body-buffer.ts';

const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** Where a body comes from, and what its reader may ask there. */
export interface BodySource {
  readonly origin: { readonly text: string };
  readonly ended: boolean;
  onConsumed(bytes: number): void;
  /** The reader has taken all that came, and waits for more. */
  onAwaited(): void;
  discard(upgraded: boolean): Promise<void>;
  readonly requestEnded: boolean;
  write(chunk: Uint8Array): boolean;
  /** Resolves when the request body has moved on, or the exchange has ended. */
  writable(): Promise<void>;
  /** Resolves when more can be written, or the exchange has ended. */
  room(): Promise<void>;
  writeEnd(): void;
  detach(): ByteTransport | null;
  setRef(isReferenced: boolean): void;
}

export class IncomingBody implements ResponseBody {
  readonly #source: BodySource;
  readonly #buffer: BodyBuffer;
  #closed = false;

  constructor(source: BodySource, buffer: BodyBuffer) {
    this.#source = source;
    this.#buffer = buffer;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#buffer.trailers;
  }

  get unread(): Uint8Array | undefined {
    return this.#buffer.unread;
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const whole = this.takeWhole();
    return whole === undefined ? this.#readAll() : Promise.resolve(whole);
  }

  /** @internal As {@link bytes}, without a promise, where all of it is here; else `undefined`, and nothing is taken. */
  takeWhole(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#buffer.isClaimed || !this.#buffer.ended) return undefined;
    this.#buffer.isClaimed = true;
    const first = this.#buffer.take() ?? new Uint8Array(0);
    return this.#buffer.size === 0 ? first : join([first, ...this.#takeAll()]);
  }

  async #readAll(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      this.#claim();
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      for (;;) {
        for (let chunk = this.#take(); chunk !== undefined; chunk = this.#take()) chunks.push(chunk);
        if (this.#isOver()) return chunks.length === 1 ? chunks[0]! : join(chunks);
        await this.#change();
      }
    } catch (error) {
      throw withCallerStack(error);
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array<ArrayBuffer>, undefined> {
    this.#claim();
    let finished = false;
    return {
      next: () => {
        if (finished) return Promise.resolve(done);
        const chunk = this.#take();
        return chunk === undefined ? this.#nextResult() : Promise.resolve({ done: false, value: chunk });
      },
      return: async () => {
        finished = true;
        await this.close();
        return done;
      },
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#buffer.isClaimed = true;
    await this.#source.discard(this.isUpgraded);
  }

  protected get isUpgraded(): boolean {
    return false;
  }

  #claim(): void {
    if (this.#buffer.isClaimed)
      throw new LocalProtocolError('The response body has been read or closed before', { code: 'BODY_ALREADY_READ' });
    this.#buffer.isClaimed = true;
  }

  #take(): Uint8Array<ArrayBuffer> | undefined {
    const chunk = this.#buffer.take();
    if (chunk !== undefined) this.#source.onConsumed(chunk.length);
    return chunk;
  }

  async #nextResult(): Promise<IteratorResult<Uint8Array<ArrayBuffer>, undefined>> {
    try {
      for (;;) {
        const chunk = this.#take();
        if (chunk !== undefined) return { done: false, value: chunk };
        if (this.#isOver()) return done;
        await this.#change();
      }
    } catch (error) {
      throw withCallerStack(error);
    }
  }

  /** Where all that came has been taken: has it ended? @throws the error that it has ended with. */
  #isOver(): boolean {
    if (this.#buffer.ended) return true;
    if (this.#buffer.error !== undefined) throw this.#buffer.error;
    return false;
  }

  #change(): Promise<void> {
    const changed = this.#buffer.changed();
    this.#source.onAwaited();
    return changed;
  }

  *#takeAll(): Generator<Uint8Array<ArrayBuffer>> {
    for (let chunk = this.#buffer.take(); chunk !== undefined; chunk = this.#buffer.take()) yield chunk;
  }
}

/** Larger chunks are written in pieces, since a drained piece is the only progress that can be seen. */
const pieceSize = 65_536;

/** The body of an upgraded connection: it can be written to as well. */
export class UpgradedBody extends IncomingBody implements DuplexBody {
  readonly #source: BodySource;
  readonly #buffer: BodyBuffer;
  #ended = false;
  /** The writes that are under way, which never rejects; `null` where none is. */
  #writing: Promise<void> | null = null;

  constructor(source: BodySource, buffer: BodyBuffer) {
    super(source, buffer);
    this.#source = source;
    this.#buffer = buffer;
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      if (this.#ended) throw this.#failure();
      await (this.#writing === null ? this.#track(this.#send(chunk)) : this.#track(this.#writing.then(() => this.#send(chunk))));
    } catch (error) {
      throw withCallerStack(error);
    }
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#writing;
    await this.#requestSent();
    this.#source.writeEnd();
  }

  /** Whoever writes next waits for it. */
  #track(sending: Promise<void> | undefined): Promise<void> | undefined {
    if (sending === undefined) return undefined;
    const settled = sending
      .catch(() => {})
      .then(() => {
        if (this.#writing === settled) this.#writing = null;
      });
    this.#writing = settled;
    return sending;
  }

  /** `undefined` where the chunk is gone at once, as small ones mostly are. */
  #send(chunk: Uint8Array): Promise<void> | undefined {
    const source = this.#source;
    if (source.ended) throw this.#failure();
    if (!source.requestEnded || chunk.length > pieceSize) return this.#sendPieces(chunk);
    return source.write(chunk) ? undefined : this.#drained();
  }

  async #drained(): Promise<void> {
    await this.#source.room();
    if (this.#buffer.error !== undefined) throw this.#buffer.error;
  }

  async #sendPieces(chunk: Uint8Array): Promise<void> {
    const source = this.#source;
    await this.#requestSent();
    for (let start = 0; start === 0 || start < chunk.length; start += pieceSize) {
      if (source.ended) throw this.#failure();
      if (!source.write(chunk.subarray(start, start + pieceSize))) await this.#drained();
    }
  }

  /** What the request still has to send goes first: to the peer, the new protocol begins behind it (RFC 9110 §7.8). */
  async #requestSent(): Promise<void> {
    while (!this.#source.requestEnded && !this.#source.ended) await this.#source.writable();
  }

  #failure(): HttpCoreError {
    const { origin } = this.#source;
    return this.#buffer.error ?? new WriteError('The upgraded connection has ended', { code: 'CONNECTION_CLOSED', origin: origin.text });
  }

  /** @internal See `Exchange.detach`. */
  detach(): ByteTransport | null {
    return this.#source.detach();
  }

  /** @internal */
  ref(): void {
    this.#source.setRef(true);
  }

  /** @internal */
  unref(): void {
    this.#source.setRef(false);
  }

  protected override get isUpgraded(): boolean {
    return true;
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
