/** Prints what the jobs find, and keeps count of what held: the exit code is decided here. */
import { inspect } from 'node:util';
import { drawWaterfall, formatCount, type Terminal, type Waterfall } from '@x/figures';

export interface Output {
  write(text: string): unknown;
}

/** Is given each waterfall that is shown, with the name of the job that shows it. */
export type KeepWaterfall = (job: string, waterfall: Waterfall) => void;

const CLEAR_LINE = '\r\u001B[2K';

export class Report {
  readonly terminal: Terminal;
  readonly #output: Output;
  readonly #keep: KeepWaterfall | undefined;
  #job = '';
  #sections = 0;
  #checks = 0;
  #failures: string[] = [];
  #transient = false;

  constructor(output: Output, terminal: Terminal, keep?: KeepWaterfall) {
    this.#output = output;
    this.terminal = terminal;
    this.#keep = keep;
  }

  /** Did every check hold so far, and was there at least one? */
  get held(): boolean {
    return this.#checks > 0 && this.#failures.length === 0;
  }

  section(title: string, job = ''): void {
    const { style } = this.terminal;
    this.#job = job;
    this.#sections += 1;
    this.line();
    this.line(style.title(`${this.#sections}  ${title}`));
  }

  line(text = ''): void {
    this.#output.write(`${this.#transient ? CLEAR_LINE : ''}${text}\n`);
    this.#transient = false;
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  waterfall(waterfall: Waterfall): void {
    if (waterfall.attempts.length === 0) return;
    this.line();
    this.lines(drawWaterfall(waterfall, this.terminal));
    this.#keep?.(this.#job, waterfall);
  }

  /** A line that the next one replaces; on anything but a live terminal it is not shown at all. */
  transient(text: string): void {
    if (!this.terminal.live) return;
    this.#output.write(CLEAR_LINE + text);
    this.#transient = true;
  }

  /** States a claim, and whether it holds. `found` is shown when it does not. */
  check(claim: string, holds: boolean, found?: unknown): void {
    const { style } = this.terminal;
    this.#checks += 1;
    if (holds) {
      this.line(`  ${style.good('ok')}      ${claim}`);
      return;
    }
    const detail = found === undefined ? claim : `${claim} (found: ${typeof found === 'string' ? found : inspect(found)})`;
    // What a job threw comes with its stack: once is enough.
    this.#failures.push(detail.split('\n', 1)[0] ?? claim);
    this.line(`  ${style.bad('FAILED')}  ${detail}`);
  }

  /** `check` for two values that must be the same. */
  checkEqual(claim: string, found: unknown, expected: unknown): void {
    this.check(claim, Object.is(found, expected), found);
  }

  summary(elapsed: string): void {
    const { style } = this.terminal;
    this.line();
    const count = `${formatCount(this.#checks)} ${this.#checks === 1 ? 'check' : 'checks'} in ${elapsed}`;
    if (this.held) {
      this.line(`${style.good('ok')}  ${count}, all held`);
      return;
    }
    this.line(`${style.bad('FAILED')}  ${count}, ${formatCount(this.#failures.length)} did not hold:`);
    for (const failure of this.#failures) this.line(`  - ${failure}`);
  }
}
