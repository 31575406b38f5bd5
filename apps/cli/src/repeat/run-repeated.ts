/** One request many times: how long it takes, and what comes back. A look at a server, and no load generator: it is bounded, and says so. */
import type { AnyResponse, Client, ClientOptions, MessageOptions } from '@x/client';
import { formatBytes, formatCount, formatDuration, renderFigures, type Figure } from '@x/figures';
import { openClient } from '../call/opened-client.ts';
import { requestOptions } from '../call/request-options.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { OptionValues } from '../options/table.ts';
import { oneLine } from '../output/printable.ts';
import { openScreen, type Screen } from '../output/screen.ts';
import { contentOf } from '../files/named-files.ts';
import type { RequestPlan } from '../plan/plan.ts';
import { openSession } from '../sessions/session.ts';
import { UsageError } from '../usage-error.ts';
import { drawLatencies } from './latencies.ts';

const MOST_WITHOUT_ASKING = 10_000;
const MOST = 10_000_000;
const MOST_AT_ONCE = 10_000;
const REDRAW = 100;

export async function runRepeated(plan: RequestPlan, options: OptionValues, io: Io): Promise<number> {
  const { repeat = 1, concurrency = 1, yes } = options;
  if (plan.urls.length > 1) throw new UsageError('--repeat takes one URL');
  if (repeat > MOST_WITHOUT_ASKING && yes !== true)
    throw new UsageError(`--repeat ${repeat} are more than ${formatCount(MOST_WITHOUT_ASKING)} requests: say --yes if the server is yours`);
  if (repeat > MOST) throw new UsageError(`--repeat can be ${formatCount(MOST)} at most`);
  if (concurrency > MOST_AT_ONCE) throw new UsageError(`--concurrency can be ${formatCount(MOST_AT_ONCE)} at most`);
  const screen = openScreen(io, options);
  // What is sent many times has to be in memory, or in a file.
  const content =
    plan.body.kind === 'stdin' ? { kind: 'content' as const, content: await contentOf('-', io), type: plan.body.type } : plan.body;
  const limits: ClientOptions = {
    limits: { maxConnections: Math.max(concurrency, 64), maxConnectionsPerOrigin: Math.max(concurrency, 64) },
  };
  const opened = await openClient({ ...plan, body: content }, options, await openSession(options, io), io, limits);
  const run = new Repeated(opened.client, opened.plan, opened.urls[0] ?? '', options, screen);
  try {
    await run.run(repeat, Math.min(concurrency, repeat));
    await screen.print(`${run.report().join('\n')}\n`);
    io.signal.throwIfAborted();
    return run.exitCode;
  } finally {
    await opened.client.destroy();
  }
}

class Repeated {
  readonly #client: Client;
  readonly #plan: RequestPlan;
  readonly #url: string;
  readonly #options: OptionValues;
  readonly #screen: Screen;
  readonly #latencies: number[] = [];
  readonly #statuses = new Map<number, number>();
  readonly #failures = new Map<string, number>();
  readonly #connections = new Set<number>();
  #firstFailure: unknown;
  #bytes = 0;
  #elapsed = 0;
  #drawnAt = 0;

  constructor(client: Client, plan: RequestPlan, url: string, options: OptionValues, screen: Screen) {
    this.#client = client;
    this.#plan = plan;
    this.#url = url;
    this.#options = options;
    this.#screen = screen;
  }

  get exitCode(): number {
    if (this.#firstFailure !== undefined) return exitCodeOf(this.#firstFailure, this.#screen.io.signal);
    if (this.#options['check-status'] !== true) return 0;
    const worst = Math.max(...this.#statuses.keys());
    return worst >= 500 ? 5 : worst >= 400 ? 4 : worst >= 300 ? 3 : 0;
  }

  async run(count: number, concurrency: number): Promise<void> {
    const { io } = this.#screen;
    const message = await requestOptions(this.#plan, this.#options, io);
    const started = performance.now();
    let begun = 0;
    const worker = async (): Promise<void> => {
      while (begun < count && !io.signal.aborted) {
        begun += 1;
        await this.#once(message);
        this.#elapsed = performance.now() - started;
        this.#tell(count);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    if (this.#screen.notes.terminal.live) io.stderr.write('\r\u001B[2K');
  }

  async #once(message: MessageOptions): Promise<void> {
    const { signal } = this.#screen.io;
    const began = performance.now();
    try {
      const response: AnyResponse = await this.#drained(message, signal);
      this.#latencies.push(performance.now() - began);
      this.#statuses.set(response.status, (this.#statuses.get(response.status) ?? 0) + 1);
      const { connectionId } = response.timings;
      if (connectionId !== undefined) this.#connections.add(connectionId);
    } catch (error) {
      if (signal.aborted) return;
      this.#firstFailure ??= error;
      const { name, code, errno } = error as { readonly name?: string; readonly code?: string; readonly errno?: string };
      const key = [name, errno ?? code].filter((each) => each !== undefined).join(' ');
      this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
    }
  }

  /** Of a body no more is kept than its length. */
  async #drained(message: MessageOptions, signal: AbortSignal): Promise<AnyResponse> {
    await using response = await this.#client.stream(this.#plan.method, this.#url, { ...message, signal });
    for await (const chunk of response) this.#bytes += chunk.length;
    return response;
  }

  #tell(count: number): void {
    const { notes, io } = this.#screen;
    if (!notes.terminal.live || this.#options.quiet === true || this.#elapsed - this.#drawnAt < REDRAW) return;
    this.#drawnAt = this.#elapsed;
    const done = this.#done;
    io.stderr.write(`\r\u001B[2K${formatCount(done)} of ${formatCount(count)}, ${formatCount((done / this.#elapsed) * 1000)} a second`);
  }

  get #done(): number {
    return this.#latencies.length + [...this.#failures.values()].reduce((sum, each) => sum + each, 0);
  }

  report(): string[] {
    const { terminal, palette } = this.#screen;
    const sorted = this.#latencies.sort((a, b) => a - b);
    const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length;
    const spread = Math.sqrt(sorted.reduce((sum, each) => sum + (each - mean) ** 2, 0) / sorted.length);
    const rate = this.#elapsed > 0 ? (this.#done / this.#elapsed) * 1000 : 0;
    const figures: Figure[] = [
      { label: 'requests', value: formatCount(this.#done), note: `in ${formatDuration(this.#elapsed)}, ${formatCount(rate)} a second` },
      { label: 'connections', value: formatCount(this.#connections.size) },
      { label: 'received', value: formatBytes(this.#bytes) },
    ];
    if (sorted.length > 0) {
      figures.push({ label: 'mean', value: formatDuration(mean), note: `± ${formatDuration(spread)}` });
      figures.push(
        { label: 'fastest', value: formatDuration(sorted[0] ?? 0) },
        { label: 'slowest', value: formatDuration(sorted.at(-1) ?? 0) },
      );
    }
    const statuses = Array.from(
      this.#statuses,
      ([status, count]) => `  ${status >= 400 ? palette.bad(String(status)) : palette.good(String(status))}  ${formatCount(count)}`,
    ).sort();
    const failures = Array.from(this.#failures, ([name, count]) => `  ${palette.bad(oneLine(name))}  ${formatCount(count)}`);
    return [
      ...renderFigures(figures, terminal),
      '',
      ...statuses,
      ...failures,
      ...(sorted.length > 0 ? ['', ...drawLatencies(sorted, terminal)] : []),
    ];
  }
}
