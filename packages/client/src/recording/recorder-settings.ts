/** What `record()` may be told, and what follows. */
import { env } from 'node:process';

import type { Dispatcher } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { Mask, type MaskOptions } from '../har/mask.ts';
import { boolean, count } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { readMatching, type Matching, type MatchOptions } from './matching.ts';

/**
 * - `once`: without a file all requests go to the network, and the file is written; with one they are answered from it, and what is not
 *   in it fails.
 * - `none`: they are answered from the file, and nothing ever goes to the network.
 * - `all`: they all go to the network, and take the places of their older recordings; what was not asked for again stays.
 * - `bypass`: as if the recorder were not there.
 */
export type RecordMode = 'bypass' | 'once' | 'all' | 'none';

/** What `record()` may be told: where, when it may ask the network, what is masked. */
export interface RecordOptions {
  /** The HAR file. Its folder is made where it is missing. One from a browser will do, too. */
  readonly file: string | URL;
  /** Default: what the environment variable `XHTTP_RECORD` says, else `once`. In any letter case. */
  readonly mode?: RecordMode | undefined;
  /** What carries the requests that are recorded. Default: a `ConnectionPool` of the recorder's own. A dispatcher that is given stays open. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Which recording a request is answered with. Default: by method, URL and body. */
  readonly match?: MatchOptions | undefined;
  /** What is a secret, beside what is always. */
  readonly mask?: MaskOptions | undefined;
  /** Once each recording of a request has been given, is the last one given again? Default `false`: it fails. */
  readonly repeat?: boolean | undefined;
  /** `instant`: recorded answers come at once, piece by piece; `real`: as fast as they came when they were recorded. Default `instant`. */
  readonly speed?: 'instant' | 'real' | undefined;
  /** The longest body that is kept, in bytes; of a longer one the exchange works, and its recording fails. Default 16 MiB. */
  readonly maxBodyBytes?: number | undefined;
}

const optionNames: OptionNames<RecordOptions> = Object.freeze({
  file: undefined,
  mode: undefined,
  dispatcher: undefined,
  match: undefined,
  mask: undefined,
  repeat: undefined,
  speed: undefined,
  maxBodyBytes: undefined,
});

export interface RecorderSettings {
  readonly file: string | URL;
  readonly mode: RecordMode;
  readonly dispatcher: Dispatcher | undefined;
  readonly matching: Matching;
  readonly mask: Mask;
  readonly repeat: boolean;
  readonly speed: 'instant' | 'real';
  readonly maxBodyBytes: number;
}

export const modeVariable = 'XHTTP_RECORD';
const modes: readonly string[] = ['bypass', 'once', 'all', 'none'] satisfies RecordMode[];

/** @throws {InvalidOption} naming the option, or the variable. */
export function readRecordOptions(options: RecordOptions): RecorderSettings {
  const own = ownOptions(options, optionNames);
  const { file, dispatcher, repeat = false, speed = 'instant', maxBodyBytes = 16 * 1024 * 1024 } = own;
  if (!(typeof file === 'string' && file !== '') && !(file instanceof URL && file.protocol === 'file:')) {
    throw new InvalidOption('file', 'must be a path, or a URL with the scheme file:');
  }
  if (dispatcher !== undefined && typeof (dispatcher as Partial<Dispatcher> | null)?.dispatch !== 'function') {
    throw new InvalidOption('dispatcher', 'must be a dispatcher of @x/httpcore');
  }
  if (speed !== 'instant' && speed !== 'real') throw new InvalidOption('speed', "must be 'instant' or 'real'");
  return {
    file,
    mode: own.mode === undefined ? (modeOf(modeVariable, env[modeVariable]) ?? 'once') : modeOf('mode', own.mode)!,
    dispatcher,
    matching: readMatching(own.match),
    mask: Mask.of(own.mask),
    repeat: boolean('repeat', repeat),
    speed,
    maxBodyBytes: count('maxBodyBytes', maxBodyBytes, { least: 0, of: 'bytes' }),
  };
}

function modeOf(option: string, value: string | undefined): RecordMode | undefined {
  if (value === undefined || (option === modeVariable && value === '')) return undefined;
  const mode = typeof value === 'string' ? value.toLowerCase() : '';
  if (modes.includes(mode)) return mode as RecordMode;
  throw new InvalidOption(option, `must be one of ${modes.join(', ')}`);
}
