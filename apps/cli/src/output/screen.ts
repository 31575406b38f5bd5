/** Where we print to, what it can show, and what is wanted there. */
import { describeTerminal, type Terminal } from '@x/figures';
import { write, type Io, type Output } from '../io.ts';
import type { OptionValues } from '../options/table.ts';
import { UsageError } from '../usage-error.ts';
import { colours, noColours, type Palette } from './palette.ts';

export interface Screen {
  readonly io: Io;
  /** Of standard output. */
  readonly palette: Palette;
  readonly terminal: Terminal;
  /** Of standard error, where progress and the wire log go. */
  readonly notes: { readonly palette: Palette; readonly terminal: Terminal };
  readonly isTerminal: boolean;
  readonly isFormatted: boolean;
  readonly showsSecrets: boolean;
  readonly parts: ReadonlySet<Part>;
  print(chunk: string | Uint8Array): Promise<void>;
  note(text: string): void;
}

/** Heads and bodies of the request and the response, and a line of figures. */
export type Part = 'H' | 'B' | 'h' | 'b' | 'm';

/** @throws {UsageError} */
export function openScreen(io: Io, options: OptionValues): Screen {
  const isTerminal = io.stdout.isTTY === true;
  const pretty = options.pretty ?? (isTerminal ? 'all' : 'none');
  const isColoured = hasColours(io.stdout, io, options) && (pretty === 'all' || pretty === 'colors');
  return {
    io,
    palette: isColoured ? colours : noColours,
    terminal: terminalOf(io.stdout, io, options),
    notes: { palette: hasColours(io.stderr, io, options) ? colours : noColours, terminal: terminalOf(io.stderr, io, options) },
    isTerminal,
    isFormatted: pretty === 'all' || pretty === 'format',
    showsSecrets: options['show-secrets'] === true,
    parts: partsOf(options, isTerminal),
    print: (chunk) => write(io, io.stdout, chunk),
    note: (text) => void io.stderr.write(`${text}\n`),
  };
}

/** NO_COLOR takes them, FORCE_COLOR gives them to a pipe too, and --color is nearer than both. */
function hasColours({ isTTY }: Output, { env }: Io, { color = 'auto', pretty }: OptionValues): boolean {
  if (color !== 'auto') return color === 'always';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return (isTTY === true && env['TERM'] !== 'dumb') || pretty === 'all' || pretty === 'colors';
}

function terminalOf(output: Output, io: Io, options: OptionValues): Terminal {
  const { width, blocks, live, style } = describeTerminal(output, { ...io.env, NO_COLOR: '' });
  const isColoured = hasColours(output, io, options);
  if (!isColoured) return describeTerminal(output, { ...io.env, NO_COLOR: '1' });
  return live ? { width, blocks, live, style } : { ...describeTerminal({ isTTY: true, columns: width }, { TERM: 'xterm' }), live };
}

function partsOf(options: OptionValues, isTerminal: boolean): ReadonlySet<Part> {
  const { print, headers, body, quiet, download } = options;
  if (quiet === true) return new Set();
  if (print !== undefined) {
    if (!/^[HBhbm]*$/u.test(print)) throw new UsageError('--print takes the letters H, B, h, b and m');
    return new Set([...print] as Part[]);
  }
  if (headers === true) return new Set(body === true ? ['h', 'b'] : ['h']);
  if (body === true) return new Set(['b']);
  if (download === true || options.output !== undefined) return new Set();
  return new Set(isTerminal ? ['h', 'b'] : ['b']);
}
