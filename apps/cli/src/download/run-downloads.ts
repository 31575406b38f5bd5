/** Downloads, several at once: each whole or not at all, or to go on with another day. */
import { mkdir, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { Client, RequestOptions, StreamResponse } from '@x/client';
import { formatByteRate, formatBytes, TraceRecorder } from '@x/figures';
import { failureText } from '../call/failure-text.ts';
import { eachOf, openClient, type OpenedClient } from '../call/opened-client.ts';
import { requestOptions } from '../call/request-options.ts';
import { Timeline } from '../call/timeline.ts';
import { WireLog } from '../call/wire-log.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { OptionValues } from '../options/table.ts';
import { oneLine } from '../output/printable.ts';
import { openScreen, type Screen } from '../output/screen.ts';
import { pathOf } from '../files/named-files.ts';
import type { RequestPlan } from '../plan/plan.ts';
import { openSession } from '../sessions/session.ts';
import { exists, fileNameOf, freePath } from './file-name.ts';
import { ProgressBoard } from '../output/progress-board.ts';

const PARALLEL = 4;

/** @returns The exit code of the first one that failed. */
export async function runDownloads(plan: RequestPlan, options: OptionValues, io: Io): Promise<number> {
  const screen = openScreen(io, options);
  const session = await openSession(options, io);
  const log = options.verbose === true ? new WireLog(screen) : undefined;
  const opened = await openClient(plan, options, session, io, log === undefined ? {} : { networkInterceptors: [log.interceptor] });
  const downloads = new Downloads(opened, options, screen, log);
  try {
    const code = await downloads.run();
    await opened.save();
    return code;
  } finally {
    await downloads.end();
    await opened.client.destroy();
  }
}

class Downloads {
  readonly #opened: OpenedClient;
  readonly #options: OptionValues;
  readonly #screen: Screen;
  readonly #log: WireLog | undefined;
  readonly #board: ProgressBoard | undefined;
  readonly #timeline: Timeline;
  readonly #taken = new Set<string>();
  #code = 0;

  constructor(opened: OpenedClient, options: OptionValues, screen: Screen, log: WireLog | undefined) {
    this.#opened = opened;
    this.#options = options;
    this.#screen = screen;
    this.#log = log;
    this.#board = ProgressBoard.of(screen, options);
    this.#timeline = new Timeline(options, screen);
  }

  async run(): Promise<number> {
    const waiting = [...this.#opened.urls.entries()];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.#one(next[1], next[0]);
    };
    await Promise.all(Array.from({ length: Math.min(this.#options.parallel ?? PARALLEL, waiting.length) }, worker));
    this.#screen.io.signal.throwIfAborted();
    return this.#code;
  }

  async end(): Promise<void> {
    this.#board?.end();
    await this.#timeline.end();
  }

  /** One that fails is told, and the others go on. */
  async #one(url: string, index: number): Promise<void> {
    const { io, note } = this.#screen;
    if (io.signal.aborted) return;
    let path: string | undefined;
    try {
      const message = await requestOptions(this.#opened.plan, this.#options, io);
      const recorder = new TraceRecorder();
      this.#timeline.begins(recorder);
      const trace = eachOf([recorder.observe, ...(this.#log === undefined ? [] : [this.#log.trace])]);
      await using response = await open(this.#opened.client, this.#opened.plan.method, url, { ...message, trace, signal: io.signal });
      this.#timeline.answered(response);
      path = await this.#pathFor(response, index);
      await this.#save(response, path);
    } catch (error) {
      this.#timeline.failed(error);
      const code = statusOf(error) ?? exitCodeOf(error, io.signal);
      this.#code = this.#code === 0 ? code : this.#code;
      const kept =
        path !== undefined && this.#options.resume === true && (await exists(`${path}.part`))
          ? `\n       ${this.#shown(`${path}.part`)} is kept: the same command goes on with it`
          : '';
      if (!io.signal.aborted) note(`${failureText(error)}${kept}`);
      else if (kept !== '') note(kept.trim().replace(/^/u, 'xhttp: '));
    }
  }

  async #pathFor(response: StreamResponse, index: number): Promise<string> {
    const { output, 'output-dir': stated = '.', overwrite, resume } = this.#options;
    const { io } = this.#screen;
    const folder = pathOf(stated, io);
    await mkdir(folder, { recursive: true });
    const named = output?.[index];
    const name = named ?? fileNameOf(response);
    const path = named === undefined ? join(folder, name) : pathOf(join(stated, named), io);
    const isFree =
      named !== undefined ||
      overwrite === true ||
      (resume === true &&
        !this.#taken.has(path) &&
        (!(await exists(path)) || (await exists(`${path}.part`)) || (await isWhole(response, path))));
    const chosen = isFree ? path : await freePath(folder, name, this.#taken);
    this.#taken.add(chosen);
    return chosen;
  }

  async #save(response: StreamResponse, path: string): Promise<void> {
    const { digest, resume, quiet } = this.#options;
    const { io, note } = this.#screen;
    if (resume === true && response.ok && digest === undefined && !(await exists(`${path}.part`)) && (await isWhole(response, path))) {
      if (quiet !== true) note(`${this.#shown(path)}  is there already`);
      return;
    }
    const started = performance.now();
    const transfer = this.#board?.transfer(basename(path));
    try {
      const saved = await response.saveTo(path, {
        signal: io.signal,
        ...(resume === true ? { resume: true } : {}),
        ...(digest === undefined ? {} : { digest: digest === 'response' ? true : digest }),
        ...(transfer === undefined ? {} : { onProgress: transfer.report }),
      });
      transfer?.end();
      const rate = formatByteRate(saved.size - saved.resumedFrom, performance.now() - started);
      const before = saved.resumedFrom > 0 ? `, ${formatBytes(saved.resumedFrom)} of it were there` : '';
      if (quiet !== true)
        note(`${this.#shown(path)}  ${formatBytes(saved.size)}${before}, ${rate}${digest === undefined ? '' : ', digest as expected'}`);
    } finally {
      transfer?.end();
    }
  }

  #shown(path: string): string {
    const near = relative(this.#screen.io.cwd, path);
    return oneLine(near.startsWith('..') ? path : near);
  }
}

function open(client: Client, method: string, url: string, call: RequestOptions): Promise<StreamResponse> {
  return client.stream(method, url, call);
}

/** An answer that is no file: the error of the client has the status. */
function statusOf(error: unknown): number | undefined {
  const { name, status } = error as { readonly name?: unknown; readonly status?: unknown };
  return name === 'HTTPStatusError' && typeof status === 'number' ? (status >= 500 ? 5 : status >= 400 ? 4 : 3) : undefined;
}

/** As long as the server says that it is. */
async function isWhole(response: StreamResponse, path: string): Promise<boolean> {
  const announced = response.headers.get('content-length');
  if (announced === null || response.headers.has('content-encoding')) return false;
  try {
    return (await stat(path)).size === Number(announced);
  } catch {
    return false;
  }
}
