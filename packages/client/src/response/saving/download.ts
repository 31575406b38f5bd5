/**
 * Saves a response as a file, whole or not at all; over as many responses as it takes, where that is wanted.
 *
 *   begin ─▶ receive ─▶ is it whole? ─▶ compare digests ─▶ give the file its name
 *    │          │  ▲         │
 *    │          ▼  │         │ the rest of it (206), or all of it (200)
 *    └─────▶ ask again ◀─────┘
 *
 * What is in the file is always of one representation, from its first byte to its last; `origin` says of which. Where there is
 * none, because the server gives no strong validator, nothing is asked for again; where there is none because the content came
 * in a coding, it begins anew without one. It is whole when it is as long as the server has said; no response's end says that.
 */
import { Aborted } from '@x/httpcore';

import { DigestMismatch, RepresentationChanged } from '../../errors.ts';
import { about } from '../../request/about.ts';
import type { HeadersInput } from '../../request/fields/header-input.ts';
import { HTTPStatusError } from '../any-response.ts';
import { backoffDelay, isPassingError, isPassingStatus } from '../passing.ts';
import type { ResumableCall } from '../resumable-call.ts';
import type { UnreadResponse } from '../unread-response.ts';
import { DigestCheck } from './digest-check.ts';
import { PartialFile, type PartOrigin } from './partial-file.ts';
import { announcedLength, strongValidator } from './representation.ts';
import { ofAnotherLength, ofAnotherPart, restAnswer } from './rest-answer.ts';
import { readSaveOptions, type Resuming, type SaveOptions, type SaveSettings } from './save-options.ts';

/** What `saveTo()` has saved. */
export interface SavedFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Bytes that an earlier download had left. */
  readonly resumedFrom: number;
}

const longestDelay = 10_000;

/** What asking once more has come to: a response to receive, all that there is, or a failure that may pass. */
type Asked = 'receive' | 'whole' | Error;

export class Download {
  readonly #settings: SaveSettings;
  /** Parts are defined for GET alone (RFC 9110 §14.2), and what is no GET must not be sent again unasked. */
  readonly #resuming: Resuming | undefined;
  readonly #stop = new AbortController();
  #response: UnreadResponse;
  #origin: PartOrigin | undefined = undefined;
  #total: number | undefined = undefined;
  /** Of the present response: where its bytes begin in the file, and where they must end. */
  #position = 0;
  #end: number | undefined = undefined;
  #check: DigestCheck | undefined = undefined;
  #resumedFrom = 0;
  /** The longest that the file has been: what is not longer is no progress. */
  #furthest = 0;
  #failures = 0;
  #mayBeginAnew = true;
  /** Ends the read that is waited for. */
  #interrupt: ((error: Aborted) => void) | undefined = undefined;

  /** @throws {InvalidOption} */
  constructor(response: UnreadResponse, again: ResumableCall | undefined, path: string | URL, options: SaveOptions) {
    this.#settings = readSaveOptions(path, options, again);
    this.#resuming = again?.method === 'GET' ? this.#settings.resuming : undefined;
    this.#response = response;
  }

  /** However it ends, the response is closed. */
  async run(): Promise<SavedFile> {
    const { signal } = this.#settings;
    signal?.addEventListener('abort', this.#abort, { once: true });
    try {
      if (signal?.aborted === true) this.#abort();
      this.#assertNotAborted();
      if (!this.#response.ok) throw new HTTPStatusError(this.#response);
      return await this.#save();
    } catch (error) {
      // Not waited for: a server that says nothing any more takes its time.
      void this.#response.close();
      throw about(this.#stop.signal.aborted ? this.#aborted() : error, this.#response.request);
    } finally {
      signal?.removeEventListener('abort', this.#abort);
    }
  }

  async #save(): Promise<SavedFile> {
    const { path } = this.#settings;
    const file = await (this.#resuming === undefined ? PartialFile.create(path) : PartialFile.reopen(path));
    try {
      await this.#fill(file);
      this.#assertNotAborted();
      this.#check?.assert();
      const { size } = file;
      await file.commit();
      return { path, size, resumedFrom: this.#resumedFrom };
    } catch (error) {
      await (error instanceof DigestMismatch ? file.discard() : file.abandon());
      throw error;
    }
  }

  async #fill(file: PartialFile): Promise<void> {
    if (!(await this.#hasLeftOver(file))) await this.#startOver(file);
    else if (file.size > 0 && file.size === this.#total) return;
    else if (await this.#goOn(file, undefined)) return;
    for (;;) {
      const failure = await this.#receive(file);
      if (failure === undefined && this.#isWhole(file)) return;
      if (await this.#goOn(file, failure)) return;
    }
  }

  /** Has an earlier download left a part of what this response is? Then the response is not needed but for what it says. */
  async #hasLeftOver(file: PartialFile): Promise<boolean> {
    const response = this.#response;
    if (this.#resuming === undefined || file.size === 0) return false;
    const origin = response.encoded === undefined ? this.#originOf(response) : file.originOf(this.#resuming.again.url);
    if (origin === undefined || !file.isOf(origin)) return false;
    // Of a response in a coding, neither the length nor a digest is that of what is here.
    const total = response.encoded === undefined ? announcedLength(response) : undefined;
    if (total !== undefined && file.size > total) return false;
    if (response.encoded !== undefined && this.#settings.digest === true) {
      await file.restart(undefined);
    } else {
      this.#check = DigestCheck.of(this.#settings.digest, response);
      await this.#check?.savedBefore(file, this.#stop.signal);
      this.#origin = origin;
      this.#total = total;
      this.#resumedFrom = this.#furthest = file.size;
    }
    void response.close();
    return true;
  }

  /** The present response, from its first byte on. */
  async #startOver(file: PartialFile): Promise<void> {
    const response = this.#response;
    this.#check = DigestCheck.of(this.#settings.digest, response);
    this.#origin = this.#originOf(response);
    this.#total = response.encoded === undefined ? announcedLength(response) : undefined;
    this.#resumedFrom = 0;
    this.#expect(0, this.#resuming === undefined ? undefined : this.#total);
    await file.restart(this.#origin);
  }

  #expect(position: number, end: number | undefined): void {
    this.#position = position;
    this.#end = end;
  }

  #originOf(response: UnreadResponse): PartOrigin | undefined {
    // A server counts encoded bytes, and a part of them can not be decoded.
    if (this.#resuming === undefined || response.status !== 200 || response.encoded !== undefined) return undefined;
    const validator = strongValidator(response);
    return validator === undefined ? undefined : { url: this.#resuming.again.url, validator };
  }

  /** To the end of the present response. Gives the failure after which the rest can be asked for. */
  async #receive(file: PartialFile): Promise<Error | undefined> {
    const response = this.#response;
    try {
      const chunks = response[Symbol.asyncIterator]();
      for (let result = await this.#next(chunks); result.done !== true; result = await this.#next(chunks)) {
        this.#position += result.value.length;
        if (this.#end !== undefined && this.#position > this.#end) break;
        await this.#keep(file, result.value);
      }
    } catch (error) {
      const canAsk = this.#origin !== undefined || (this.#resuming !== undefined && response.encoded !== undefined);
      if (!canAsk || !isPassingError(error)) throw error;
      if (this.#origin === undefined) await file.restart(undefined);
      return error;
    }
    if (this.#end !== undefined && this.#position !== this.#end) await this.#beginAnew(file, ofAnotherLength(response));
    return undefined;
  }

  /** What is here already is passed over. */
  async #keep(file: PartialFile, chunk: Uint8Array): Promise<void> {
    const known = file.size - (this.#position - chunk.length);
    if (known >= chunk.length) return;
    const fresh = known === 0 ? chunk : chunk.subarray(known);
    await file.append(fresh);
    this.#check?.saved(fresh);
    if (file.size > this.#furthest) {
      this.#furthest = file.size;
      this.#failures = 0;
    }
    this.#settings.onProgress?.({ received: file.size, total: this.#total });
  }

  /** One part may be less than the rest (RFC 9110 §15.3.7), and is not the end of it. */
  #isWhole(file: PartialFile): boolean {
    if (this.#resuming === undefined) return true;
    return this.#total === undefined ? this.#response.status !== 206 : file.size === this.#total;
  }

  /** Asks, until there is a response with more of it. Or there is none to come: then `true`. */
  async #goOn(file: PartialFile, first: Error | undefined): Promise<boolean> {
    const { again, maxFailures, delay } = this.#resuming!;
    for (let failure = first; ;) {
      if (failure !== undefined) {
        this.#failures += 1;
        if (this.#failures >= maxFailures) throw failure;
        await again.wait(backoffDelay(this.#failures - 1, delay, longestDelay), this.#stop.signal);
      }
      const asked = await this.#ask(file, again);
      if (typeof asked === 'string') return asked === 'whole';
      failure = asked;
    }
  }

  async #ask(file: PartialFile, again: ResumableCall): Promise<Asked> {
    let response: UnreadResponse;
    try {
      response = this.#response = await again.send(this.#rest(file), this.#stop.signal);
    } catch (error) {
      if (isPassingError(error)) return error;
      throw error;
    }
    this.#assertNotAborted();
    if (isPassingStatus(response.status)) {
      void response.close();
      return new HTTPStatusError(response);
    }
    if (file.size > 0) return this.#take(file, again);
    if (response.status !== 200) throw new HTTPStatusError(response);
    await this.#startOver(file);
    return 'receive';
  }

  /** What was asked for is the rest of what is here. */
  async #take(file: PartialFile, again: ResumableCall): Promise<Asked> {
    const response = this.#response;
    const { validator } = this.#origin!;
    const answer = restAnswer(response, { size: file.size, total: this.#total, validator });
    switch (answer.is) {
      case 'the rest':
        this.#total = answer.total;
        this.#expect(file.size, answer.last + 1);
        return 'receive';
      case 'the same':
        this.#total ??= announcedLength(response);
        this.#expect(0, this.#total);
        return 'receive';
      case 'another':
        this.#assertMayBeginAnew(
          new RepresentationChanged('What is saved has changed on the server, more than once while it was being saved'),
        );
        this.#furthest = 0;
        await this.#startOver(file);
        return 'receive';
      case 'no more':
        void response.close();
        return 'whole';
      case 'unusable':
        await this.#beginAnew(file, ofAnotherPart(response, file.size));
        return this.#ask(file, again);
      default:
        throw new HTTPStatusError(response);
    }
  }

  /** Nothing that the present response has brought is to be relied on. */
  async #beginAnew(file: PartialFile, reason: Error): Promise<void> {
    void this.#response.close();
    this.#assertMayBeginAnew(reason);
    await file.restart(undefined);
  }

  /** Once: a server that goes on like this would never come to an end. */
  #assertMayBeginAnew(reason: Error): void {
    if (!this.#mayBeginAnew) throw reason;
    this.#mayBeginAnew = false;
  }

  #rest(file: PartialFile): HeadersInput {
    if (file.size === 0) return { 'accept-encoding': 'identity' };
    return { range: `bytes=${file.size}-`, 'if-range': this.#origin!.validator, 'accept-encoding': 'identity' };
  }

  #next(chunks: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    return new Promise((resolve, reject) => {
      this.#assertNotAborted();
      this.#interrupt = reject;
      chunks.next().then(resolve, reject);
    });
  }

  readonly #abort = (): void => {
    this.#stop.abort(this.#settings.signal?.reason);
    this.#interrupt?.(this.#aborted());
    void this.#response.close();
  };

  #assertNotAborted(): void {
    if (this.#stop.signal.aborted) throw this.#aborted();
  }

  #aborted(): Aborted {
    return new Aborted('The download was aborted', { cause: this.#stop.signal.reason, phase: 'response-body' });
  }
}
