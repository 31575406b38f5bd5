/** What the place that we print to can show. */
import { colourStyle, plainStyle, type Style } from './style.ts';

export interface Terminal {
  /** In columns. */
  readonly width: number;
  readonly style: Style;
  /** May bars be drawn with block characters? Otherwise with `#`. */
  readonly blocks: boolean;
  /** Can a line be drawn again in place? */
  readonly live: boolean;
}

export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

const NARROWEST = 48;
const WIDEST = 110;
const PIPED_WIDTH = 80;

/**
 * Colour and live lines only on a terminal that can do them; `NO_COLOR` (https://no-color.org) takes the colour, and a
 * pipe or a file gets plain lines of 80 columns.
 */
export function describeTerminal(stream: OutputStream, environment: Readonly<Record<string, string | undefined>>): Terminal {
  const { NO_COLOR: noColour = '', TERM: kind = '' } = environment;
  const capable = stream.isTTY === true && kind !== 'dumb';
  const wanted = capable ? (stream.columns ?? PIPED_WIDTH) : PIPED_WIDTH;
  return {
    width: Math.min(Math.max(wanted, NARROWEST), WIDEST),
    style: capable && noColour === '' ? colourStyle : plainStyle,
    // The Linux console's font has no eighth blocks.
    blocks: capable && kind !== 'linux',
    live: capable,
  };
}
