/** A body on the screen: nothing but its bytes where nobody looks, and as people read it where somebody does. */
import type { ServerSentEvent, StreamResponse } from '@x/client';
import { formatCount } from '@x/figures';
import type { OptionValues } from '../options/table.ts';
import { bodyKind, decoderFor, type BodyKind } from './body-kind.ts';
import { HexPrinter } from './hex.ts';
import { JsonPrinter } from './json-printer.ts';
import { oneLine, printable } from './printable.ts';
import type { Screen } from './screen.ts';
import { TablePrinter } from './table-printer.ts';

/** Of what is binary, as much as fits on some screens. */
const MOST_HEX = 4_096;
/** Before each text of a JSON sequence (RFC 7464). */
const RECORD_SEPARATOR = '\u001E';
const LONGEST_LINE = 16 * 1024 * 1024;

type Body = StreamResponse;

export async function showBody(response: Body, options: OptionValues, screen: Screen): Promise<void> {
  const contentType = response.headers.get('content-type') ?? '';
  const isRaw =
    !screen.isFormatted && !screen.isTerminal && screen.palette.text('x') === 'x' && options.table !== true && options.hex !== true;
  if (isRaw) {
    for await (const chunk of response) await screen.print(chunk);
    return;
  }
  if (options.hex !== true && bodyKind(contentType, new Uint8Array()) === 'events' && response.status === 200)
    return showEvents(response, options, screen);
  const chunks = response[Symbol.asyncIterator]();
  try {
    const first = await chunks.next();
    const start = first.done === true ? new Uint8Array() : first.value;
    const kind = options.hex === true ? 'binary' : bodyKind(contentType, start);
    await showChunks(kind, start, chunks, contentType, options, screen);
  } finally {
    await chunks.return?.();
  }
}

async function showChunks(
  kind: BodyKind,
  start: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  contentType: string,
  options: OptionValues,
  screen: Screen,
): Promise<void> {
  if (kind === 'binary') return showHex(start, rest, options, screen);
  const { decoder, unknown } = decoderFor(contentType, options.charset);
  if (unknown !== undefined)
    screen.note(`xhttp: the character set ${JSON.stringify(unknown)} is not known; shown as UTF-8. --charset NAME says which it is`);
  const isTable = kind === 'lines' ? options.table !== false : kind === 'json' && options.table === true;
  const view = isTable
    ? new Table(kind === 'lines', screen)
    : kind === 'json' || kind === 'lines'
      ? new JsonPrinter(screen.palette, screen.isFormatted && kind === 'json')
      : new Plain(screen);
  for (let chunk = start; ;) {
    await screen.print(view.push(decoder.decode(chunk, { stream: true })));
    const next = await rest.next();
    if (next.done === true) break;
    chunk = next.value;
  }
  await screen.print(view.push(decoder.decode()) + view.end());
}

async function showHex(start: Uint8Array, rest: AsyncIterator<Uint8Array>, options: OptionValues, screen: Screen): Promise<void> {
  const hex = new HexPrinter(screen.palette, screen.terminal.width);
  const most = options.hex === true ? Infinity : MOST_HEX;
  let shown = 0;
  let left = 0;
  for (let chunk = start; ;) {
    const part = chunk.subarray(0, Math.max(most - shown, 0));
    shown += part.length;
    left += chunk.length - part.length;
    await screen.print(hex.push(part));
    const next = left > 0 ? undefined : await rest.next();
    if (next === undefined || next.done === true) break;
    chunk = next.value;
  }
  await screen.print(hex.end());
  if (left > 0) screen.note(`… the first ${formatCount(shown)} bytes of a binary body; -o FILE keeps all of it, --hex shows it`);
}

async function showEvents(response: Body, options: OptionValues, screen: Screen): Promise<void> {
  for await (const event of response.sse({ reconnect: options.reconnect === true })) await screen.print(shownEvent(event, screen));
}

function shownEvent({ event, id, data }: ServerSentEvent, { palette, isFormatted }: Screen): string {
  const head = [palette.strong(oneLine(event)), ...(id === '' ? [] : [palette.faint(`id ${oneLine(id)}`)])].join(' ');
  const isJson = /^\s*[[{]/u.test(data) && isJsonText(data);
  if (!isJson) return `${head}\n${printable(data).replace(/^/gmu, '  ')}\n`;
  const printer = new JsonPrinter(palette, isFormatted && data.length > 72);
  return `${head}\n${(printer.push(data) + printer.end()).replace(/^(?=.)/gmu, '  ')}`;
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What takes text as it comes. */
interface View {
  push(text: string): string;
  end(): string;
}

class Plain implements View {
  readonly #isTerminal: boolean;
  #last = '\n';

  constructor({ isTerminal }: Screen) {
    this.#isTerminal = isTerminal;
  }

  push(text: string): string {
    if (text !== '') this.#last = text.at(-1) ?? '\n';
    return this.#isTerminal ? printable(text) : text;
  }

  /** The prompt of a shell belongs on a line of its own. */
  end(): string {
    return this.#isTerminal && this.#last !== '\n' ? '\n' : '';
  }
}

/** Lines as rows as soon as they are there; a whole document, once it is whole. */
class Table implements View {
  readonly #printer: TablePrinter;
  readonly #isLines: boolean;
  readonly #plain: Plain;
  #left = '';

  constructor(isLines: boolean, screen: Screen) {
    this.#printer = new TablePrinter(screen.palette, screen.terminal.width);
    this.#plain = new Plain(screen);
    this.#isLines = isLines;
  }

  push(text: string): string {
    this.#left += text;
    if (!this.#isLines) return '';
    const end = this.#left.lastIndexOf('\n');
    if (end < 0 && this.#left.length < LONGEST_LINE) return '';
    const whole = end < 0 ? this.#left : this.#left.slice(0, end);
    this.#left = end < 0 ? '' : this.#left.slice(end + 1);
    return this.#lines(whole);
  }

  end(): string {
    const left = this.#left;
    this.#left = '';
    if (this.#isLines) return this.#lines(left);
    const value = parsed(left);
    if (value === undefined) return this.#plain.push(left) + this.#plain.end();
    return this.#printer.rows(Array.isArray(value.value) ? value.value : [value.value]);
  }

  #lines(text: string): string {
    const lines = text.split('\n').map((line) => line.replace(/\r$/u, '').replace(RECORD_SEPARATOR, ''));
    let out = '';
    let rows: unknown[] = [];
    for (const line of lines) {
      if (line.trim() === '') continue;
      const value = parsed(line);
      if (value !== undefined) {
        rows.push(value.value);
        continue;
      }
      // What is no JSON stays what it is, in its place.
      out += `${this.#printer.rows(rows)}${this.#plain.push(`${line}\n`)}`;
      rows = [];
    }
    return out + this.#printer.rows(rows);
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
