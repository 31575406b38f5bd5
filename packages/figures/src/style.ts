/** Colours by what they mean, so that a job never names one. */
import { stripVTControlCharacters } from 'node:util';

export interface Style {
  readonly title: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  /** Bars, in turn: phases of a waterfall that follow each other must be told apart. */
  readonly bars: readonly ((text: string) => string)[];
}

const same = (text: string): string => text;
const sgr =
  (on: number, off: number) =>
  (text: string): string =>
    text === '' ? '' : `\u001B[${on}m${text}\u001B[${off}m`;

export const plainStyle: Style = { title: same, strong: same, faint: same, good: same, bad: same, bars: [same] };

export const colourStyle: Style = {
  title: (text) => sgr(1, 22)(sgr(36, 39)(text)),
  strong: sgr(1, 22),
  faint: sgr(2, 22),
  good: sgr(32, 39),
  bad: (text) => sgr(1, 22)(sgr(31, 39)(text)),
  bars: [sgr(90, 39), sgr(36, 39), sgr(33, 39), sgr(35, 39), sgr(34, 39), sgr(32, 39), sgr(94, 39)],
};

/** How many columns the text takes, colours apart. Everything printed here is of single-width characters. */
export function visibleWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}
