/** How far transfers are, each on a line of its own that is drawn again in place; on what is no live terminal, nothing. */
import { formatDuration, renderProgress, type Terminal } from '@x/figures';
import type { OptionValues } from '../options/table.ts';
import { columnsOf, cut, oneLine } from './printable.ts';
import type { Screen } from './screen.ts';

/** Milliseconds between two drawings, and before the first: what is done by then is not worth a line. */
const REDRAW = 100;
const PATIENCE = 300;
const NAME = 24;
const ETA = 12;

export interface Transfer {
  readonly report: (progress: { readonly received?: number; readonly sent?: number; readonly total: number | undefined }) => void;
  readonly end: () => void;
}

interface Line {
  readonly name: string;
  readonly startedAt: number;
  done: number;
  /** What an earlier run left says nothing of how fast this one is. */
  first: number | undefined;
  total: number | undefined;
}

export class ProgressBoard {
  readonly #screen: Screen;
  readonly #now: () => number;
  readonly #lines: Line[] = [];
  #drawn = 0;
  #drawnAt: number;

  constructor(screen: Screen, now: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#now = now;
    this.#drawnAt = now() + PATIENCE - REDRAW;
  }

  /** `undefined`: nobody looks, or nobody wants to see. */
  static of(screen: Screen, { progress, quiet, verbose }: OptionValues): ProgressBoard | undefined {
    return screen.notes.terminal.live && progress !== false && quiet !== true && verbose !== true ? new ProgressBoard(screen) : undefined;
  }

  upload(name: string | undefined): Transfer | undefined {
    return name === undefined ? undefined : this.transfer(name);
  }

  transfer(name: string): Transfer {
    const line: Line = { name: cut(oneLine(name), NAME), startedAt: this.#now(), done: 0, first: undefined, total: undefined };
    this.#lines.push(line);
    return {
      report: ({ received, sent, total }) => {
        line.done = received ?? sent ?? 0;
        line.first ??= line.done;
        line.total = total;
        this.#draw();
      },
      end: () => {
        this.#lines.splice(this.#lines.indexOf(line), 1);
        this.#erase();
      },
    };
  }

  end(): void {
    this.#lines.length = 0;
    this.#erase();
  }

  #draw(): void {
    const now = this.#now();
    if (now - this.#drawnAt < REDRAW) return;
    this.#drawnAt = now;
    const lines = this.#lines.map((line) => progressLine(line, now, this.#screen.notes.terminal));
    this.#screen.io.stderr.write(`${this.#up()}${lines.map((line) => `\u001B[2K${line}\n`).join('')}`);
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn === 0) return;
    this.#screen.io.stderr.write(`${this.#up()}\u001B[J`);
    this.#drawn = 0;
  }

  #up(): string {
    return this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A\r`;
  }
}

function progressLine({ name, startedAt, done, first = 0, total }: Line, now: number, terminal: Terminal): string {
  const elapsed = now - startedAt;
  const rate = elapsed > 0 ? (done - first) / elapsed : 0;
  const left = total === undefined || rate <= 0 ? undefined : (total - done) / rate;
  const eta = left === undefined ? '' : `${formatDuration(left)} left`;
  // A line that is wider than the terminal would be two, and the next drawing begin in the wrong place.
  const room = terminal.width - NAME - 1 - ETA - 1;
  const shown = room < 50 ? percentOf(done, total) : renderProgress({ done, total, elapsed, from: first }, { ...terminal, width: room });
  return `${name}${' '.repeat(NAME - columnsOf(name))} ${shown} ${eta.padStart(ETA)}`;
}

function percentOf(done: number, total: number | undefined): string {
  return total === undefined || total === 0 ? '' : `${Math.floor((done / total) * 100)} %`.padStart(5);
}
