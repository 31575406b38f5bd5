/** Objects as rows of a table. The columns are those of the first rows; who comes later with others begins a new head. */
import type { Palette } from './palette.ts';
import { columnsOf, cut, oneLine } from './printable.ts';

const GAP = '  ';
const NARROWEST = 3;
const WIDEST = 60;
const MOST_COLUMNS = 24;

type Row = Readonly<Record<string, unknown>>;

interface Layout {
  readonly names: readonly string[];
  readonly widths: readonly number[];
}

export class TablePrinter {
  readonly #palette: Palette;
  readonly #columns: number;
  #layout: Layout | undefined;

  constructor(palette: Palette, columns: number) {
    this.#palette = palette;
    this.#columns = columns;
  }

  /** Rows that are there at the same time are laid out together. What is no object is a row of one cell. */
  rows(values: readonly unknown[]): string {
    let out = '';
    const rows = values.map((value): Row =>
      typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : { value },
    );
    for (const [index, row] of rows.entries()) {
      if (
        this.#layout === undefined ||
        Object.keys(row)
          .slice(0, MOST_COLUMNS)
          .some((name) => this.#layout?.names.includes(name) !== true)
      ) {
        out += this.#layout === undefined ? '' : '\n';
        this.#layout = layoutOf(rows.slice(index), this.#columns);
        out += this.#head(this.#layout);
      }
      out += this.#row(row, this.#layout);
    }
    return out;
  }

  #head({ names, widths }: Layout): string {
    const cells = names.map((name, index) => padded(oneLine(name), widths[index] ?? 0, false));
    return `${this.#palette.strong(cells.join(GAP).trimEnd())}\n`;
  }

  #row(row: Row, { names, widths }: Layout): string {
    const cells = names.map((name, index) => {
      const value = Object.hasOwn(row, name) ? row[name] : undefined;
      const isNumber = typeof value === 'number';
      const isLast = index === names.length - 1;
      const text = isLast && !isNumber ? cut(cellOf(value), widths[index] ?? 0) : padded(cellOf(value), widths[index] ?? 0, isNumber);
      return isNumber ? this.#palette.number(text) : typeof value === 'string' ? text : this.#palette.faint(text);
    });
    return `${cells.join(GAP).trimEnd()}\n`;
  }
}

function layoutOf(rows: readonly Row[], columns: number): Layout {
  const names = [...new Set(rows.slice(0, 1_000).flatMap((row) => Object.keys(row).slice(0, MOST_COLUMNS)))].slice(0, MOST_COLUMNS);
  const widths = names.map((name) =>
    Math.min(Math.max(NARROWEST, columnsOf(oneLine(name)), ...rows.slice(0, 1_000).map((row) => columnsOf(cellOf(row[name])))), WIDEST),
  );
  // The widest give way until it fits, or nothing is left to give.
  const room = Math.max(columns - GAP.length * (names.length - 1), names.length * NARROWEST);
  for (let total = widths.reduce((sum, width) => sum + width, 0); total > room; total -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= NARROWEST) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return { names, widths };
}

function cellOf(value: unknown): string {
  if (value === undefined) return '';
  return oneLine(typeof value === 'string' ? value.slice(0, 1_000) : (JSON.stringify(value) ?? '').slice(0, 1_000));
}

function padded(text: string, width: number, toTheRight: boolean): string {
  const shown = cut(text, width);
  const space = ' '.repeat(Math.max(width - columnsOf(shown), 0));
  return toTheRight ? space + shown : shown + space;
}
