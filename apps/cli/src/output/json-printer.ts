/**
 * JSON, indented and coloured as it comes: a piece at a time, whatever it is cut at, in as much memory as its deepest nesting. It is no check: what is no
 * JSON comes out as well as can be.
 */
import type { Palette } from './palette.ts';
import { printable } from './printable.ts';

const INDENT = '  ';
/** A file that only opens brackets must not fill the screen with spaces. */
const DEEPEST_INDENT = 40;
const DEEPEST = 100_000;

type Place = 'before' | 'value' | 'after';

export class JsonPrinter {
  readonly #palette: Palette;
  readonly #isFormatted: boolean;
  /** `{` and `[` that are open. */
  readonly #open: string[] = [];
  #place: Place = 'before';
  #isKey = false;
  #inString = false;
  #escaped = false;
  /** Has the innermost one nothing in it yet? */
  #isEmpty = false;
  /** A number or a word that may go on in the next piece. */
  #word = '';
  /** Has the line ended already, as it was written? */
  #hasEndedLine = true;

  constructor(palette: Palette, isFormatted: boolean) {
    this.#palette = palette;
    this.#isFormatted = isFormatted;
  }

  push(text: string): string {
    let out = '';
    let at = 0;
    while (at < text.length) {
      if (this.#inString) {
        const end = this.#endOfString(text, at);
        out += this.#painted(text.slice(at, end));
        at = end;
        continue;
      }
      const character = text[at] ?? '';
      const word = /[^\s{}[\]:,"]+/uy;
      word.lastIndex = at;
      const found = word.exec(text)?.[0];
      if (found !== undefined) {
        if (this.#word === '') out += this.#before();
        this.#word += found;
        at += found.length;
        continue;
      }
      out += this.#flush();
      if (character === '"') {
        out += this.#before();
        this.#isKey = this.#open.at(-1) === '{' && this.#place !== 'value';
        this.#inString = true;
        const end = this.#endOfString(text, at + 1);
        out += this.#painted(text.slice(at, end));
        at = end;
        continue;
      }
      out += this.#mark(character);
      at += 1;
    }
    if (out !== '') this.#hasEndedLine = out.endsWith('\n');
    return out;
  }

  /** What is left, and the end of the line. */
  end(): string {
    const left = this.#flush();
    return left + (left === '' && this.#hasEndedLine ? '' : '\n');
  }

  #endOfString(text: string, from: number): number {
    for (let at = from; at < text.length; at += 1) {
      if (this.#escaped) this.#escaped = false;
      else if (text[at] === '\\') this.#escaped = true;
      else if (text[at] === '"') {
        this.#inString = false;
        this.#place = 'after';
        return at + 1;
      }
    }
    return text.length;
  }

  #painted(text: string): string {
    const shown = printable(text).replaceAll('\n', '\u2424');
    return this.#isKey ? this.#palette.name(shown) : this.#palette.text(shown);
  }

  #mark(character: string): string {
    switch (character) {
      case '{':
      case '[': {
        const before = this.#before();
        if (this.#open.length < DEEPEST) this.#open.push(character);
        this.#place = 'before';
        this.#isEmpty = true;
        return before + character;
      }
      case '}':
      case ']': {
        this.#open.pop();
        const line = this.#isEmpty ? '' : this.#line();
        this.#isEmpty = false;
        this.#place = 'after';
        return line + character;
      }
      case ',':
        this.#place = 'before';
        return `,${this.#line()}`;
      case ':':
        this.#place = 'value';
        return this.#isFormatted ? ': ' : ':';
      default:
        return this.#isFormatted ? '' : character;
    }
  }

  /** What comes before a value or a name: a new line in a bracket that was empty, and between one document and the next. */
  #before(): string {
    if (this.#isEmpty) {
      this.#isEmpty = false;
      return this.#line();
    }
    return this.#open.length === 0 && this.#place === 'after' && this.#isFormatted ? '\n' : '';
  }

  #line(): string {
    return this.#isFormatted ? `\n${INDENT.repeat(Math.min(this.#open.length, DEEPEST_INDENT))}` : '';
  }

  #flush(): string {
    const word = this.#word;
    if (word === '') return '';
    this.#word = '';
    this.#place = 'after';
    const shown = printable(word);
    return /^[-\d]/u.test(word) ? this.#palette.number(shown) : this.#palette.literal(shown);
  }
}
