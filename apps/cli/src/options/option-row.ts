/** What an option is: a row of the table that the parser, --help, the manual, the completions and the guide are made of. */

/** `duration`: milliseconds, written as `30`, `1.5` (seconds), `250ms`, `2m`. */
export type OptionType = 'flag' | 'text' | 'texts' | 'number' | 'duration' | 'choice';

export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  readonly type: OptionType;
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly group: string;
  readonly help: string;
  /** What holds when nobody says anything, in words. */
  readonly otherwise?: string;
  /** There is a `--no-…` too, which says so in `negated`. */
  readonly negated?: string;
  /** What the shell completes it with, where it is no choice. */
  readonly completes?: 'file' | 'folder' | 'session';
  /** Only on the command line: to find it in a file or in the environment would surprise. */
  readonly here?: true;
  /** Of a number. */
  readonly least?: number;
}

export type ValueOf<Row extends OptionRow> = Row extends { readonly type: 'flag' }
  ? boolean
  : Row extends { readonly type: 'texts' }
    ? readonly string[]
    : Row extends { readonly type: 'number' | 'duration' }
      ? number
      : Row extends { readonly type: 'choice'; readonly choices: readonly (infer Choice)[] }
        ? Choice
        : Row extends { readonly negated: string }
          ? string | false
          : string;
