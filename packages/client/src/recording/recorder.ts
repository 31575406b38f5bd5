/** A dispatcher that remembers: what went over the network once is answered from a file from then on. */
import {
  ConnectionPool,
  HttpCoreError,
  mockDispatcher,
  PoolClosed,
  type ApplicationRequest,
  type ApplicationResponseTuple,
  type ByteIterable,
  type CloseOptions,
  type DispatchContext,
  type Dispatcher,
  type DispatchResponse,
  type HeaderPair,
  type Timeouts,
  type UrlParts,
} from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { Cassette } from './cassette.ts';
import { pathOf, readHarFile, writeHarFile } from './har-file.ts';
import { askedRequest, CollectedBody, type SentBody } from './matching.ts';
import { RecordedExchange } from './recorded-exchange.ts';
import type { RecorderSettings, RecordMode } from './recorder-settings.ts';
import { replayed } from './replay.ts';

/** What runs may take this long, in milliseconds, when a recorder over somebody else's dispatcher is closed. */
const defaultGrace = 5_000;
/** Files that are being recorded in this process: whoever writes last would lose what the other has. */
const beingRecorded = new Set<string>();

/**
 * Records what a dispatcher answers, or answers from a recording, as {@link record} has it. Exchanges may run at once: they are written in the order in
 * which they began. The file is written when the recorder is closed, or disposed; by {@link Recorder.save} before.
 */
export class Recorder implements Dispatcher, Disposable {
  /** Where it is written, and read from. */
  readonly file: string;
  readonly mode: RecordMode;
  /** Do requests go to the network, and into the file? */
  readonly isRecording: boolean;
  readonly #settings: RecorderSettings;
  readonly #own: ConnectionPool | undefined;
  readonly #under: Dispatcher | undefined;
  readonly #cassette: Cassette | undefined;
  readonly #player: Dispatcher;
  #exchanges: RecordedExchange[] = [];
  #running = 0;
  #whenIdle: (() => void) | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /** @internal @throws {InvalidOption} */
  constructor(settings: RecorderSettings) {
    const { mode, matching, mask } = settings;
    this.#settings = settings;
    this.file = pathOf(settings.file);
    this.mode = mode;
    const entries = mode === 'bypass' ? undefined : readHarFile(this.file);
    this.#cassette = entries === undefined ? undefined : new Cassette(entries, matching, mask);
    this.isRecording = mode === 'all' || (mode === 'once' && entries === undefined);
    if (this.isRecording) {
      if (beingRecorded.has(this.file)) {
        throw new InvalidOption('file', `is being recorded by another recorder of this process: ${this.file}; give each its own`);
      }
      beingRecorded.add(this.file);
    }
    const goesOut = this.isRecording || mode === 'bypass';
    this.#own = goesOut && settings.dispatcher === undefined ? new ConnectionPool() : undefined;
    this.#under = goesOut ? (settings.dispatcher ?? this.#own) : undefined;
    this.#player = mockDispatcher((request) => this.#answer(request));
  }

  /** The recordings that nobody has asked for, as `GET https://example.com/`: what a test can hold to be none. */
  get unused(): readonly string[] {
    return this.#cassette?.unused ?? [];
  }

  /**
   * As every dispatcher; and:
   * @throws {UnrecordedRequest} the file has no answer to it.
   */
  async dispatch(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts?: Timeouts,
    context?: DispatchContext,
  ): Promise<DispatchResponse> {
    if (this.#isClosed) throw new PoolClosed(`The recorder of ${this.file} is closed`, { phase: 'request' });
    const under = this.#under;
    if (under === undefined) return this.#play(method, url, headers, body, timeouts, context);
    if (!this.isRecording) return under.dispatch(method, url, headers, body, timeouts, context);
    const { mask, maxBodyBytes } = this.#settings;
    const exchange = new RecordedExchange(method, url, headers, mask, maxBodyBytes, context, () => this.#ended());
    this.#exchanges.push(exchange);
    this.#running += 1;
    try {
      return await exchange.answered(
        await under.dispatch(method, url, headers, exchange.upload(body), timeouts, exchange.context(context)),
      );
    } catch (error) {
      exchange.failed(error);
      // What can not be sent is refused by a replay as well.
      if (error instanceof HttpCoreError && error.phase === 'request')
        this.#exchanges = this.#exchanges.filter((other) => other !== exchange);
      throw error;
    }
  }

  /**
   * Writes what is complete by now, and goes on. Nothing is written while nothing was recorded.
   * @throws {Error} the file can not be written.
   */
  save(): void {
    this.#write(this.#exchanges.filter(({ ended }) => ended));
  }

  /**
   * Lets what runs end, writes the file, and closes the connections that are its own. Idempotent.
   * @throws {Error} the file can not be written.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#isClosed = true;
    return (this.#closing ??= this.#close(options));
  }

  /** As {@link close}, at once: what still runs is written as far as it has come. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.#own?.[Symbol.asyncDispose]();
    await this.#player[Symbol.asyncDispose]();
  }

  /** As {@link close}, at once, without waiting for the connections. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    if (this.#closing !== undefined) return;
    this.#closing = Promise.resolve();
    void this.#own?.destroy();
    void this.#player[Symbol.asyncDispose]();
    this.#finish();
  }

  async #close(options: CloseOptions): Promise<void> {
    if (this.#own !== undefined) await this.#own.close(options);
    else await this.#idle(options.grace ?? defaultGrace);
    await this.#player.close(options);
    this.#finish();
  }

  #finish(): void {
    if (!this.isRecording) return;
    beingRecorded.delete(this.file);
    this.#write(this.#exchanges);
  }

  #write(exchanges: readonly RecordedExchange[]): void {
    if (exchanges.length === 0) return;
    const entries = exchanges.map((exchange) => exchange.entry());
    const { matching, mask, mode } = this.#settings;
    const merged = this.#cassette === undefined ? entries : this.#cassette.replacedBy(new Cassette(entries, matching, mask));
    writeHarFile(this.file, merged, mode === 'once' && !this.#isWritten);
    this.#isWritten = true;
  }
  #isWritten = false;

  async #play(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts: Timeouts | undefined,
    context: DispatchContext | undefined,
  ): Promise<DispatchResponse> {
    try {
      return await this.#player.dispatch(method, url, headers, body, timeouts, context);
    } catch (error) {
      throw asRecorded(error);
    }
  }

  async #answer(request: ApplicationRequest): Promise<ApplicationResponseTuple> {
    try {
      return await this.#find(request);
    } catch (error) {
      throw toldAs(error);
    }
  }

  async #find(request: ApplicationRequest): Promise<ApplicationResponseTuple> {
    const { matching, mask, maxBodyBytes, repeat, speed, mode } = this.#settings;
    const body = matching.body ? await readBody(request, maxBodyBytes) : unread;
    const asked = askedRequest(request.method, request.url, request.headers, body, matching, mask);
    const cassette = this.#cassette ?? new Cassette([], matching, mask);
    const entry = cassette.take(asked, repeat);
    if (entry === undefined) throw cassette.unrecorded(asked, this.#cassette !== undefined, this.file, mode);
    return replayed(entry, request, speed);
  }

  #ended(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#whenIdle?.();
  }

  /** Until nothing runs, or for so many milliseconds. */
  async #idle(grace: number): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(grace, 2 ** 31 - 1));
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Of a failure: was the request sent when it was recorded? */
const wasSent = Symbol('sent when it was recorded');

/** The player has been sent all of it, and says so in a copy of the error, which takes this along. */
function toldAs(error: unknown): unknown {
  return error instanceof HttpCoreError ? Object.assign(error, { [wasSent]: error.requestSent }) : error;
}

function asRecorded(error: unknown): unknown {
  if (!(error instanceof HttpCoreError) || !(wasSent in error)) return error;
  Object.assign(error, { requestSent: (error as { [wasSent]?: boolean })[wasSent] });
  Reflect.deleteProperty(error, wasSent);
  return error;
}

const unread: SentBody = { bytes: new Uint8Array(0), sha256: undefined, incomplete: false };

async function readBody({ body }: ApplicationRequest, most: number): Promise<SentBody> {
  const collected = new CollectedBody(most);
  for await (const chunk of body) collected.add(chunk);
  return { ...collected.take(), incomplete: false };
}
