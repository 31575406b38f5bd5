/** One request after another is sent, and what comes back is shown. */
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AnyResponse, ClientOptions, CookieJar, DownloadProgress, RequestOptions, StreamResponse, TraceObserver } from '@x/client';
import { formatBytes, formatDuration, TraceRecorder } from '@x/figures';
import { ProgressBoard } from '../output/progress-board.ts';
import type { Io } from '../io.ts';
import type { OptionValues } from '../options/table.ts';
import { requestHead, responseHead } from '../output/head.ts';
import { openScreen, type Screen } from '../output/screen.ts';
import { showBody } from '../output/show-body.ts';
import { pathOf } from '../files/named-files.ts';
import type { RequestPlan } from '../plan/plan.ts';
import { openSession } from '../sessions/session.ts';
import { followDuplex } from './duplex.ts';
import { eachOf, openClient, type OpenedClient } from './opened-client.ts';
import { shownInput } from './patient-input.ts';
import { requestOptions } from './request-options.ts';
import { Timeline } from './timeline.ts';
import { WireLog } from './wire-log.ts';

/** What only a command for curl can ask for. */
export interface CurlWishes {
  /** `-f`: 22 at 400 and above, and no body; with `--fail-with-body`, with it. */
  readonly fails?: 'without-body' | 'with-body' | undefined;
  /** `-w`: told of each response once it is whole. */
  readonly after?: ((response: AnyResponse, received: number, screen: Screen) => string) | undefined;
  /** `-D`: where heads go. */
  readonly headFile?: string | undefined;
  /** `-s`: failures are not told. */
  readonly isSilent?: boolean | undefined;
}

/** Cookies that come from a file of the caller's, and go to one. */
export interface KeptCookies {
  readonly jar: CookieJar;
  readonly save: () => Promise<void>;
}

/** @returns The exit code of what did not fail; failures are thrown. */
export async function runCall(
  plan: RequestPlan,
  options: OptionValues,
  io: Io,
  wishes: CurlWishes = {},
  cookies?: KeptCookies,
): Promise<number> {
  const screen = openScreen(io, options);
  const session = await openSession(options, io);
  const log = options.verbose === true ? new WireLog(screen) : undefined;
  const more: ClientOptions = log === undefined ? {} : { networkInterceptors: [log.interceptor] };
  const opened = await openClient(plan, options, session, io, more, cookies?.jar);
  const timeline = new Timeline(options, screen);
  try {
    let code = 0;
    for (const [index, url] of opened.urls.entries()) {
      const run = new OneCall(opened, url, options, screen, wishes, timeline, log?.trace);
      const exit = await run.send(options.output?.[index]);
      code = code === 0 ? exit : code;
    }
    await opened.save();
    await cookies?.save();
    return code;
  } catch (error) {
    timeline.failed(error);
    throw error;
  } finally {
    await timeline.end();
    await opened.client.destroy();
  }
}

class OneCall {
  readonly #opened: OpenedClient;
  readonly #url: string;
  readonly #options: OptionValues;
  readonly #screen: Screen;
  readonly #wishes: CurlWishes;
  readonly #timeline: Timeline;
  readonly #log: TraceObserver | undefined;
  /** Bytes of the body, as they came. */
  #received = 0;

  constructor(
    opened: OpenedClient,
    url: string,
    options: OptionValues,
    screen: Screen,
    wishes: CurlWishes,
    timeline: Timeline,
    log: TraceObserver | undefined,
  ) {
    this.#opened = opened;
    this.#url = url;
    this.#options = options;
    this.#screen = screen;
    this.#wishes = wishes;
    this.#timeline = timeline;
    this.#log = log;
  }

  async send(file: string | undefined): Promise<number> {
    const { plan, client } = this.#opened;
    const { io } = this.#screen;
    const input = shownInput(plan.body, this.#screen);
    const message = await requestOptions(plan, this.#options, input);
    const recorder = new TraceRecorder();
    this.#timeline.begins(recorder);
    const observers = [recorder.observe, ...(this.#log === undefined ? [] : [this.#log])];
    const progress = ProgressBoard.of(this.#screen, this.#options);
    const upload = progress?.upload(plan.body.kind === 'none' ? undefined : 'upload');
    const download = file === undefined || file === '-' ? undefined : progress?.transfer(basename(file));
    const onDownloadProgress = (at: DownloadProgress): void => {
      this.#received = at.received;
      download?.report(at);
    };
    const call = {
      ...message,
      signal: io.signal,
      trace: eachOf(observers),
      onDownloadProgress,
      ...(upload === undefined ? {} : { onUploadProgress: upload.report }),
    };
    try {
      return await this.#receive(client, call, file, () => upload?.end());
    } finally {
      progress?.end();
    }
  }

  async #receive(client: OpenedClient['client'], call: RequestOptions, file: string | undefined, uploaded: () => void): Promise<number> {
    const { method } = this.#opened.plan;
    // An archive has the bodies that are in memory.
    const whole = this.#options.har === undefined || file !== undefined ? undefined : await client.request(method, this.#url, call);
    const streamed = whole === undefined ? await client.stream(method, this.#url, call) : undefined;
    const response = (whole ?? streamed)!;
    uploaded();
    this.#timeline.answered(response);
    const readable = streamed ?? (await copyOf(response, whole!.bytes()));
    try {
      return await this.#show(response, readable, file);
    } finally {
      await streamed?.close();
    }
  }

  async #show(response: AnyResponse, readable: StreamResponse, file: string | undefined): Promise<number> {
    const { parts, palette, showsSecrets, print } = this.#screen;
    if (parts.has('H')) await print(`${requestHead(response.request, response.httpVersion, showsSecrets, palette)}\n\n`);
    if (parts.has('B')) await print(bodyText(this.#opened.plan));
    const { headFile, fails } = this.#wishes;
    if (parts.has('h'))
      await print(`${responseHead(response, showsSecrets, palette)}\n${parts.has('b') || this.#opened.urls.length > 1 ? '\n' : ''}`);
    if (headFile !== undefined) await this.#writeHead(response, headFile);
    if (response.status === 101) return followDuplex(readable, this.#screen);
    const isFailure = fails !== undefined && response.status >= 400;
    if (!(isFailure && fails === 'without-body')) await this.#body(readable, file);
    if (this.#wishes.after !== undefined) await print(this.#wishes.after(response, this.#received, this.#screen));
    if (parts.has('m')) await print(`${figuresOf(response)}\n`);
    return isFailure ? 22 : statusCode(response.status, this.#options);
  }

  async #body(response: StreamResponse, file: string | undefined): Promise<void> {
    if (file !== undefined && file !== '-') {
      await pipeline(response.toNodeStream(), createWriteStream(pathOf(file, this.#screen.io)), { signal: this.#screen.io.signal });
    } else if (file === '-') {
      for await (const chunk of response) await this.#screen.print(chunk);
    } else if (this.#screen.parts.has('b')) await showBody(response, this.#options, this.#screen);
    // What is not shown is received all the same when somebody wants to know how long that takes.
    else if (this.#timeline.isWanted || this.#wishes.after !== undefined || this.#screen.parts.has('m')) for await (const _ of response);
  }

  async #writeHead(response: AnyResponse, path: string): Promise<void> {
    const text = `${responseHead(response, true, { ...this.#screen.palette, name: plain, strong: plain, faint: plain, good: plain, bad: plain, notice: plain })}\n\n`;
    if (path === '-') await this.#screen.print(text);
    else await writeFile(pathOf(path, this.#screen.io), text);
  }
}

const plain = (text: string): string => text;

/** What is there is shown as it would be while it comes. */
async function copyOf({ request, status, reason, rawHeaders }: AnyResponse, body: Uint8Array): Promise<StreamResponse> {
  const { StreamResponse } = await import('@x/client');
  const headers = rawHeaders.filter(([name]) => !/^(?:content-encoding|content-length|transfer-encoding)$/iu.test(name));
  return StreamResponse.of(request, { status, reason, headers, body });
}

function bodyText({ body }: RequestPlan): string {
  if (body.kind === 'content') return `${typeof body.content === 'string' ? body.content : `(${formatBytes(body.content.length)})`}\n\n`;
  if (body.kind === 'form')
    return `${new URLSearchParams(body.fields.map(([name, value]): [string, string] => [name, value])).toString()}\n\n`;
  return body.kind === 'none' ? '' : `(a body of ${body.kind === 'file' ? body.path : body.kind})\n\n`;
}

export function figuresOf({ status, timings, httpVersion }: AnyResponse): string {
  const { total, remoteAddress, reused, connectionId } = timings;
  return [
    `${status} in ${formatDuration(total)}`,
    `HTTP/${httpVersion}`,
    ...(remoteAddress === undefined ? [] : [remoteAddress]),
    ...(connectionId === undefined ? [] : [reused === true ? 'connection reused' : 'new connection']),
  ].join(', ');
}

/** Of --check-status. */
export function statusCode(status: number, options: OptionValues): number {
  if (options['check-status'] !== true || status < 300) return 0;
  return status >= 500 ? 5 : status >= 400 ? 4 : 3;
}
