/** Colours by what they mean; on what can show none, the same functions leave the text as it is. */

export type Paint = (text: string) => string;

export interface Palette {
  readonly strong: Paint;
  readonly faint: Paint;
  readonly name: Paint;
  readonly text: Paint;
  readonly number: Paint;
  readonly literal: Paint;
  readonly good: Paint;
  readonly notice: Paint;
  readonly bad: Paint;
}

const sgr =
  (on: number, off: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001B[${on}m${text}\u001B[${off}m`;

const same: Paint = (text) => text;

export const colours: Palette = {
  strong: sgr(1, 22),
  faint: sgr(2, 22),
  name: sgr(36, 39),
  text: sgr(32, 39),
  number: sgr(33, 39),
  literal: sgr(35, 39),
  good: sgr(32, 39),
  notice: sgr(33, 39),
  bad: sgr(31, 39),
};

export const noColours: Palette = {
  strong: same,
  faint: same,
  name: same,
  text: same,
  number: same,
  literal: same,
  good: same,
  notice: same,
  bad: same,
};
