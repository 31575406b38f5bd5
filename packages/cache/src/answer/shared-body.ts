/**
 * A response body on its way to whoever reads it, and into the store. It is read once from the network, at the speed of the fastest reader;
 * a reader that falls too far behind gets the rest from the store.
 */
import { ReadError, type HeaderPair, type ResponseBody } from '@x/httpcore';

import { noFields } from '../rules/fields.ts';
import type { Awaitable, StoreWriter } from '../store/store.ts';
import { BodyChunks } from './body-chunks.ts';
import { SharedReader, type ReadBody } from './shared-reader.ts';

/** Bytes. */
export interface BodyLimits {
  /** The largest body that is stored. */
  readonly entry: number;
  /** How much is fetched of a body that nobody reads any more, so that it can be stored. */
  readonly background: number;
}

/** A response can be joined while all of its body so far is this small. */
const joinable = 256 * 1024;
/** Milliseconds for which a body that nobody reads any more is fetched, however little of it there is. */
const backgroundFor = 30_000;
/** How far one reader may be behind another. */
const longestLag = 1024 * 1024;
/** What the store has not taken yet. A slower one is not waited for. */
const mostUnwritten = 4 * 1024 * 1024;

/** What happens around it. */
export interface BodyOwner {
  /** May this much more be held for bodies on their way? Negative gives back. */
  reserve(bytes: number): boolean;
  /** A chunk was not taken by the store. */
  writeFailed(error: unknown): void;
  abort(writer: StoreWriter): void;
  /** All of it is there. Resolves when it is found in the store, with whether it is. `takeOut` is called where it turns out that it must not be. */
  commit(writer: StoreWriter, length: number, takeOut: () => Awaitable<false>): Awaitable<boolean>;
  /** It is in the store, and is not to be there after all. Resolves to `false`: then it is not. */
  remove(): Awaitable<false>;
  /** It is in the store, and is to be found by nobody but `open`. Resolves to whether that is so. */
  hide(length: number): Awaitable<boolean>;
  /** Nothing more happens with it. `isStored` is told when that is known. */
  settled(isStored: boolean): void;
  /** The rest of a stored body; `undefined` where it is not in the store. */
  open(start: number): Promise<AsyncIterable<Uint8Array> | undefined>;
}

export class SharedBody implements ReadBody {
  readonly #source: ResponseBody;
  readonly #announced: number | undefined;
  readonly #limits: BodyLimits;
  readonly #owner: BodyOwner;
  #readers = 1;
  #iterator: AsyncIterator<Uint8Array> | undefined = undefined;
  #writer: StoreWriter | undefined;
  #unwritten = 0;
  #reserved = 0;
  /** Those that a reader has still to get, or that one who joins would. */
  readonly #chunks = new BodyChunks();
  #total = 0;
  #pulling: Promise<unknown> | undefined = undefined;
  #whole: Promise<Uint8Array | undefined> | undefined = undefined;
  #isOver = false;
  #isKeptOut = false;
  /** In the store for those alone who have fallen behind. */
  #isHidden = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  #settling: Awaitable<boolean> | undefined = undefined;
  #lastReceived: Uint8Array | undefined = undefined;
  /** Who is ahead, and waits for those who are behind. */
  #waiting: (() => void)[] | undefined = undefined;
  /** The reader of the request that it is the answer to. */
  readonly leader: SharedReader;

  constructor(source: ResponseBody, announced: number | undefined, writer: StoreWriter | undefined, limits: BodyLimits, owner: BodyOwner) {
    this.#source = source;
    this.#announced = announced;
    this.#writer = writer;
    this.#limits = limits;
    this.#owner = owner;
    this.leader = new SharedReader(this, true);
  }

  /** One more reader, from the beginning; `undefined` where that is no longer here, or it will not be stored. */
  join(): SharedReader | undefined {
    if (this.#writer === undefined || this.#chunks.first > 0 || this.#total > joinable || this.#failure !== undefined) return undefined;
    this.#readers += 1;
    this.#chunks.want();
    return new SharedReader(this, false);
  }

  /** Whether it came into the store, once that is known. */
  async whenSettled(): Promise<boolean> {
    while (this.#settling === undefined) {
      if (this.#isOver || this.#writer === undefined) return false;
      await this.#pull();
    }
    return this.#settling;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#isOver ? (this.#source.trailers ?? noFields) : undefined;
  }

  whole(): Promise<Uint8Array | undefined> | undefined {
    if (this.#whole !== undefined) return this.#whole;
    const isSmall = this.#source.trailers !== undefined || (this.#announced !== undefined && this.#announced <= joinable);
    if (!isSmall || this.#readers > 1 || this.#total > 0 || this.#iterator !== undefined || this.#pulling !== undefined) return undefined;
    this.#whole = this.#source.bytes().then(
      (bytes) => {
        this.#pulling = undefined;
        if (bytes.length > 0) this.#append(bytes);
        this.#lastReceived = undefined;
        this.#ended();
        return bytes;
      },
      (error: unknown) => {
        this.#pulling = undefined;
        this.#failed(error);
        return undefined;
      },
    );
    this.#pulling = this.#whole;
    return this.#whole;
  }

  async chunk(number: number, isLeader: boolean): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#chunks.get(number);
      if (chunk !== undefined) return this.#handOut(chunk, number, isLeader);
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#isOver) return undefined;
      if (this.#mustWait) await new Promise<void>((resolve) => (this.#waiting ??= []).push(resolve));
      else await this.#pull();
    }
  }

  /** Without a store that has the rest, the fastest waits for the slowest. */
  get #mustWait(): boolean {
    return this.#writer === undefined && this.#readers > 1 && this.#chunks.retained > longestLag;
  }

  hasLost(number: number): boolean {
    return number < this.#chunks.first;
  }

  async rest(offset: number): Promise<AsyncIterable<Uint8Array>> {
    const isStored = await this.whenSettled();
    const rest = isStored || this.#isHidden ? await this.#owner.open(offset) : undefined;
    if (rest !== undefined) return rest;
    if (this.#failure !== undefined) throw this.#failure.error;
    throw new ReadError('This reader was too slow for the response that it shares, and the rest of that could not be stored', {
      phase: 'response-body',
      requestSent: true,
    });
  }

  advanced(number: number): void {
    this.#chunks.taken(number);
    this.#resume();
  }

  leave(position: number): Promise<void> | undefined {
    this.#readers -= 1;
    this.#chunks.unwanted(position);
    this.#resume();
    if (this.#readers === 0 && this.#isHidden) void this.#owner.remove();
    if (this.#readers > 0 || this.#isOver) return undefined;
    if (!this.#isWorthwhile()) return this.#abandon();
    void this.#drain(this.#total + this.#limits.background);
    return undefined;
  }

  /** Would it go on without this reader, which has not left yet? */
  get continuesWithoutOne(): boolean {
    return this.#isOver || this.#readers > 1 || this.#isWorthwhile();
  }

  #resume(): void {
    this.#trim();
    if (this.#waiting === undefined || this.#mustWait) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const resume of waiting) resume();
  }

  /** It is not to be found any more: what it answers has changed meanwhile. What the store is just taking is removed then; that is waited for. */
  keepOut(): Promise<unknown> | undefined {
    if (this.#settling instanceof Promise) {
      this.#isKeptOut = true;
      return this.#settling;
    }
    // Who has fallen behind has nowhere else to get the rest from.
    if (this.#isNeeded) this.#isKeptOut = true;
    else this.#dropWriter();
    return undefined;
  }

  /** The cache is closed. What is whole goes into the store, and what is read is read on. */
  stopKeeping(): void {
    if (this.#isOver) return;
    this.#dropWriter();
    this.stopUnread();
  }

  /** Nothing more is fetched for nobody. */
  stopUnread(): void {
    if (!this.#isOver && this.#readers === 0) void this.#abandon();
  }

  #isWorthwhile(): boolean {
    if (this.#writer === undefined || this.#isKeptOut) return false;
    const rest = this.#announced === undefined ? 0 : this.#announced - this.#total;
    return this.#limits.background > 0 && rest <= this.#limits.background;
  }

  async #drain(most: number): Promise<void> {
    const timer = setTimeout(() => void (this.#isOver || this.#readers > 0 || this.#abandon()), backgroundFor);
    // Nobody waits for it, and no process goes on for it.
    timer.unref();
    try {
      while (!this.#isOver && this.#readers === 0) {
        if (this.#total > most || this.#writer === undefined) return await this.#abandon();
        await this.#pull();
        this.#trim();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #abandon(): Promise<void> {
    this.#isOver = true;
    this.#dropWriter();
    this.#settle(false);
    await this.#source.close();
  }

  #pull(): Promise<unknown> {
    return (this.#pulling ??= this.#pullOnce());
  }

  async #pullOnce(): Promise<void> {
    try {
      this.#iterator ??= this.#source[Symbol.asyncIterator]();
      const result = await this.#iterator.next();
      if (result.done === true) this.#ended();
      else this.#append(result.value);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#pulling = undefined;
    }
  }

  #append(chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.#total += chunk.length;
    let kept = chunk;
    if (this.#writer !== undefined) {
      // What a reader gets is the reader's to change, and what is stored must not change.
      kept = new Uint8Array(chunk);
      this.#store(kept);
      this.#lastReceived = chunk;
    }
    const chunks = this.#chunks;
    chunks.add(kept, this.#readers);
    // Who is too slow gets the rest from the store: nobody waits, and not everything is held.
    while (this.#writer !== undefined && chunks.retained > longestLag && chunks.next - chunks.first > 1) chunks.dropFirst();
  }

  #store(chunk: Uint8Array): void {
    if (this.#total > this.#limits.entry || !this.#owner.reserve(chunk.length)) return this.#dropWriter();
    this.#reserved += chunk.length;
    try {
      const written = this.#writer!.write(chunk);
      if (!(written instanceof Promise)) return;
      this.#unwritten += chunk.length;
      written.then(
        () => (this.#unwritten -= chunk.length),
        (error: unknown) => this.#writeFailed(error),
      );
      if (this.#unwritten > mostUnwritten) this.#writeFailed(new RangeError(`The store is ${this.#unwritten} bytes behind`));
    } catch (error) {
      this.#writeFailed(error);
    }
  }

  #writeFailed(error: unknown): void {
    if (this.#writer === undefined) return;
    this.#owner.writeFailed(error);
    this.#dropWriter();
  }

  #dropWriter(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer !== undefined) this.#owner.abort(writer);
    this.#release();
  }

  #release(): void {
    if (this.#reserved > 0) this.#owner.reserve(-this.#reserved);
    this.#reserved = 0;
  }

  #ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const writer = this.#writer;
    if (writer === undefined || (this.#announced !== undefined && this.#announced !== this.#total)) {
      this.#dropWriter();
      return this.#settle(false);
    }
    const committed = this.#owner.commit(writer, this.#total, () => this.#takeOut());
    this.#settle(
      committed instanceof Promise ? committed.then((isStored) => this.#unlessKeptOut(isStored)) : this.#unlessKeptOut(committed),
    );
  }

  #unlessKeptOut(isStored: boolean): Awaitable<boolean> {
    return isStored && this.#isKeptOut ? this.#takeOut() : isStored;
  }

  /** Has a reader lost what only the store has? */
  get #isNeeded(): boolean {
    return this.#writer !== undefined && this.#chunks.hasLostSome && this.#readers > 0;
  }

  #takeOut(): Awaitable<false> {
    if (!this.#isNeeded) return this.#owner.remove();
    const hidden = this.#owner.hide(this.#total);
    return hidden instanceof Promise ? hidden.then((isHidden) => this.#hid(isHidden)) : this.#hid(hidden);
  }

  #hid(isHidden: boolean): Awaitable<false> {
    this.#isHidden = isHidden;
    return isHidden && this.#readers > 0 ? false : this.#owner.remove();
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = { error };
    this.#dropWriter();
    this.#settle(false);
  }

  #settle(settling: Awaitable<boolean>): void {
    this.#settling = settling;
    if (settling instanceof Promise) void settling.then((isStored) => this.#settled(isStored));
    else this.#settled(settling);
  }

  #settled(isStored: boolean): void {
    this.#settling = isStored;
    this.#writer = undefined;
    this.#lastReceived = undefined;
    this.#release();
    this.#owner.settled(isStored);
    this.#trim();
  }

  #handOut(chunk: Uint8Array, number: number, isLeader: boolean): Uint8Array {
    if (isLeader && number === this.#chunks.next - 1 && this.#lastReceived !== undefined) {
      const received = this.#lastReceived;
      this.#lastReceived = undefined;
      return received;
    }
    return this.#writer === undefined && this.#readers === 1 && this.#settling === undefined ? chunk : new Uint8Array(chunk);
  }

  #trim(): void {
    // Whoever joins needs the beginning.
    if (this.#writer === undefined || this.#chunks.first > 0 || this.#total > joinable) this.#chunks.trim();
  }
}
