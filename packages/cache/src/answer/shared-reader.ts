import type { HeaderPair, ResponseBody } from '@x/httpcore';

import { joinChunks, ownBytes } from '../own-bytes.ts';
import { noFields } from '../rules/fields.ts';

/** The body, as its readers know it. */
export interface ReadBody {
  readonly trailers: readonly HeaderPair[] | undefined;
  /**
   * For its leader, the whole of it at once, where nothing of it is read yet, nobody has joined, and it is small, or here already. Resolves to `undefined`
   * when it has failed.
   */
  whole(): Promise<Uint8Array | undefined> | undefined;
  /** The chunk of this number, once it is there; `undefined` at the end. */
  chunk(number: number, isLeader: boolean): Promise<Uint8Array | undefined>;
  /** Is the chunk of this number no longer here? */
  hasLost(number: number): boolean;
  /** What comes behind so many bytes, for a reader that has fallen behind. */
  rest(offset: number): Promise<AsyncIterable<Uint8Array>>;
  /** A reader has taken the chunk of this number. */
  advanced(number: number): void;
  /** A reader wants none from the chunk of this number on. Called once for each. */
  leave(position: number): Promise<void> | undefined;
}

/** One of those who read a shared body, from its beginning, at a speed of its own. */
export class SharedReader implements ResponseBody {
  readonly #body: ReadBody;
  readonly #isLeader: boolean;
  /** The number of the chunk that it gets next. */
  position = 0;
  #offset = 0;
  #rest: AsyncIterator<Uint8Array> | undefined = undefined;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  #onEnd: (() => void) | undefined = undefined;
  /** May it have to stop while it waits? */
  isGuarded = false;
  #interrupt: ((error: unknown) => void) | undefined = undefined;

  constructor(body: ReadBody, isLeader: boolean) {
    this.#body = body;
    this.#isLeader = isLeader;
  }

  /** Called once, when it has ended in whatever way. */
  set onEnd(onEnd: () => void) {
    if (this.#isOver) onEnd();
    else this.#onEnd = onEnd;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    if (!this.#isOver || this.#failure !== undefined) return undefined;
    return this.#isLeader ? (this.#body.trailers ?? noFields) : noFields;
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const whole = this.position === 0 && !this.#isOver && this.#isLeader ? this.#body.whole() : undefined;
    if (whole === undefined) return this.#collected();
    return this.#interruptible(whole).then((bytes) => {
      if (bytes === undefined || this.#failure !== undefined) return this.#collected();
      if (!this.#isOver) {
        this.#end();
        void this.#body.leave(0);
      }
      return ownBytes(bytes);
    });
  }

  async #collected(): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return joinChunks(chunks);
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#end();
    await this.#rest?.return?.();
    await this.#body.leave(this.position);
  }

  /** Its own request was aborted. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#failure = { error };
    this.#end();
    this.#interrupt?.(error);
    void this.#body.leave(this.position);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    try {
      for (;;) {
        this.#throwIfFailed();
        if (this.#isOver) return;
        const chunk = await this.#next();
        this.#throwIfFailed();
        if (chunk === undefined || this.#isOver) return;
        yield ownBytes(chunk);
      }
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      await this.close();
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#rest === undefined && this.#body.hasLost(this.position)) {
      this.#rest = (await this.#interruptible(this.#body.rest(this.#offset)))[Symbol.asyncIterator]();
    }
    if (this.#rest !== undefined) {
      const result = await this.#interruptible(this.#rest.next());
      return result.done === true ? undefined : result.value;
    }
    const chunk = await this.#interruptible(this.#body.chunk(this.position, this.#isLeader));
    if (chunk === undefined) return undefined;
    this.#offset += chunk.length;
    this.#body.advanced(this.position);
    this.position += 1;
    return chunk;
  }

  #interruptible<Value>(awaited: Promise<Value>): Promise<Value> {
    if (!this.isGuarded) return awaited;
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      awaited.then(resolve, reject);
    });
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #end(): void {
    this.#isOver = true;
    this.#onEnd?.();
    this.#onEnd = undefined;
  }
}
