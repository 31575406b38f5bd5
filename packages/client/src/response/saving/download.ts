/**
 * Saves a response as a file, whole or not at all; over as many responses as it takes, where that is wanted.
 *
 *   begin ─▶ receive ─▶ compare digests ─▶ give the file its name
 *    │          │  ▲
 *    │          ▼  │ the rest of it (206), or all of it anew (200)
 *    └─────▶ ask again
 *
 * What is in the file is always of one representation, from its first byte to its last; `origin` says of which. Where there is
 * none, because the server gives no strong validator or the bytes are not those that it counts, nothing is asked for again.
 */
import { Aborted } from '@x/httpcore';

import { DigestMismatch } from '../../errors.ts';
import { about } from '../../request/about.ts';
import { findHeader, type HeadersInput } from '../../request/fields/header-input.ts';
import { HTTPStatusError } from '../any-response.ts';
import { backoffDelay, isPassingError, isPassingStatus } from '../passing.ts';
import type { ResumableCall } from '../resumable-call.ts';
import type { UnreadResponse } from '../unread-response.ts';
import { DigestCheck } from './digest-check.ts';
import { PartialFile, type PartOrigin } from './partial-file.ts';
import { announcedLength, contentRange, strongValidator } from './representation.ts';
import { readSaveOptions, type SaveOptions, type SaveSettings } from './save-options.ts';

export interface SavedFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Bytes that an earlier download had left. */
  readonly resumedFrom: number;
}

const longestDelay = 10_000;

export class Download {
  readonly #settings: SaveSettings;
  readonly #stop = new AbortController();
  #response: UnreadResponse;
  #origin: PartOrigin | undefined = undefined;
  #total: number | undefined = undefined;
  #check: DigestCheck | undefined = undefined;
  #resumedFrom = 0;
  #failures = 0;

  /** @throws {InvalidOption} */
  constructor(response: UnreadResponse, again: ResumableCall | undefined, path: string | URL, options: SaveOptions) {
    this.#settings = readSaveOptions(path, options, again);
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
      await this.#response.close();
      throw about(this.#stop.signal.aborted ? this.#aborted() : error, this.#response.request);
    } finally {
      signal?.removeEventListener('abort', this.#abort);
    }
  }

  async #save(): Promise<SavedFile> {
    const { path, resuming } = this.#settings;
    const file = await (resuming === undefined ? PartialFile.create(path) : PartialFile.reopen(path));
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
    if (await this.#isLeftOver(file)) {
      // All of it is here; only its name is missing.
      if (file.size === this.#total) return;
      const failure = await this.#ask(file, this.#settings.resuming!.again);
      if (failure !== undefined) await this.#goOn(file, failure);
    } else {
      await this.#startOver(file);
    }
    for (let failure = await this.#receive(file); failure !== undefined; failure = await this.#receive(file))
      await this.#goOn(file, failure);
  }

  /** Has an earlier download left a part of what this response is? Then the response is not needed but for what it says. */
  async #isLeftOver(file: PartialFile): Promise<boolean> {
    const origin = this.#originOf(this.#response);
    if (origin === undefined || file.size === 0 || !file.isOf(origin)) return false;
    const total = announcedLength(this.#response);
    if (total !== undefined && file.size > total) return false;
    this.#check = DigestCheck.of(this.#settings.digest, this.#response);
    await this.#check?.savedBefore(file);
    this.#origin = origin;
    this.#total = total;
    this.#resumedFrom = file.size;
    await this.#response.close();
    return true;
  }

  /** The present response, from its first byte on. */
  async #startOver(file: PartialFile): Promise<void> {
    const response = this.#response;
    this.#check = DigestCheck.of(this.#settings.digest, response);
    this.#origin = this.#originOf(response);
    this.#total = response.encoded === undefined ? announcedLength(response) : undefined;
    this.#resumedFrom = 0;
    await file.restart(this.#origin);
  }

  #originOf(response: UnreadResponse): PartOrigin | undefined {
    const { resuming } = this.#settings;
    // A server counts encoded bytes, and a part of them can not be decoded.
    if (resuming === undefined || response.status !== 200 || response.encoded !== undefined) return undefined;
    const validator = strongValidator(response);
    return validator === undefined ? undefined : { url: resuming.again.url, validator };
  }

  /** To the end of the present response. Gives the failure after which the rest can be asked for. */
  async #receive(file: PartialFile): Promise<Error | undefined> {
    const { onProgress } = this.#settings;
    try {
      for await (const chunk of this.#response) {
        this.#assertNotAborted();
        await file.append(chunk);
        this.#check?.saved(chunk);
        this.#failures = 0;
        onProgress?.({ received: file.size, total: this.#total });
      }
      return undefined;
    } catch (error) {
      if (this.#origin === undefined || !isPassingError(error)) throw error;
      return error;
    }
  }

  /** Asks, until there is a response with more of it. */
  async #goOn(file: PartialFile, first: Error): Promise<void> {
    const { again, maxFailures, delay } = this.#settings.resuming!;
    for (let failure: Error | undefined = first; failure !== undefined; failure = await this.#ask(file, again)) {
      this.#failures += 1;
      if (this.#failures >= maxFailures) throw failure;
      if (this.#failures > 1) await again.wait(backoffDelay(this.#failures - 2, delay, longestDelay), this.#stop.signal);
    }
  }

  /** Gives the failure after which it can be asked once more. */
  async #ask(file: PartialFile, again: ResumableCall): Promise<Error | undefined> {
    let response: UnreadResponse;
    try {
      response = this.#response = await again.send(this.#rest(file), this.#stop.signal);
    } catch (error) {
      if (isPassingError(error)) return error;
      throw error;
    }
    this.#assertNotAborted();
    if (isPassingStatus(response.status)) {
      await response.close();
      return new HTTPStatusError(response);
    }
    if (response.status === 200) {
      await this.#startOver(file);
      return undefined;
    }
    if (response.status !== 206 && response.status !== 416) throw new HTTPStatusError(response);
    if (response.status === 206 && this.#isRest(response, file)) return undefined;
    // It is another one now, or the server does not count as we do.
    await response.close();
    if (file.size === 0) throw new HTTPStatusError(response);
    await file.restart(undefined);
    return this.#ask(file, again);
  }

  #rest(file: PartialFile): HeadersInput {
    if (file.size === 0) return { 'accept-encoding': 'identity' };
    return { range: `bytes=${file.size}-`, 'if-range': this.#origin!.validator, 'accept-encoding': 'identity' };
  }

  #isRest(response: UnreadResponse, file: PartialFile): boolean {
    const range = contentRange(response);
    const tag = findHeader(response.rawHeaders, 'etag');
    const coding = findHeader(response.rawHeaders, 'content-encoding') ?? 'identity';
    const { validator } = this.#origin!;
    if (range?.first !== file.size || coding !== 'identity' || (tag !== undefined && validator.startsWith('"') && tag !== validator))
      return false;
    this.#total ??= range.size;
    return range.size === undefined || range.size === this.#total;
  }

  readonly #abort = (): void => {
    this.#stop.abort(this.#settings.signal?.reason);
    void this.#response.close();
  };

  #assertNotAborted(): void {
    if (this.#stop.signal.aborted) throw this.#aborted();
  }

  #aborted(): Aborted {
    return new Aborted('The download was aborted', { cause: this.#stop.signal.reason, phase: 'response-body' });
  }
}
