import { LocalProtocolError } from '../../contract/errors.ts';
import {
  defaultHeaderTableSize,
  defaultWindow,
  maximumMaxFrameSize,
  maximumWindow,
  minimumMaxFrameSize,
  recommendedMaxConcurrentStreams,
} from './constants.ts';
import { unlimitedWindowMemory, type WindowMemory } from './flow-control.ts';

/** Sizes in octets. */
export interface Http2EngineOptions {
  /** Monotonic milliseconds. Asked only when a budget is used up and when bandwidth is measured. */
  readonly now: () => number;
  /** The largest header list that is accepted (RFC 9113 §10.5.1). Default 65,536. */
  readonly maxHeaderListSize?: number | undefined;
  /** The most fields in a response head, and in a trailer section. Default 256. */
  readonly maxHeaderFields?: number | undefined;
  /** The largest frame that is accepted. Default 16,384, the least that is allowed. */
  readonly maxFrameSize?: number | undefined;
  /** The table that the peer may compress with. Default 4,096. */
  readonly headerTableSize?: number | undefined;
  /** The largest table that we compress with, if the peer allows it. Default 4,096. */
  readonly encoderTableSize?: number | undefined;
  /** What a response that nobody reads may have under way or unread. Default 1 MiB. */
  readonly streamWindow?: number | undefined;
  /** What that may grow to for one that is read as fast as it comes, where that is more. Default 1 MiB. */
  readonly readWindow?: number | undefined;
  /** What {@link readWindow} may become where measured bandwidth × delay asks for it. Default 16 MiB. */
  readonly maxStreamWindow?: number | undefined;
  /** What all responses together may have under way. Default 16 MiB; never less than two streams' worth of a grown window. */
  readonly connectionWindow?: number | undefined;
  /** Asked for what windows grow by. Default: no limit. */
  readonly windowMemory?: WindowMemory | undefined;
  /** How many streams are opened before the peer has said how many it allows. Default 100: RFC 9113 §6.5.2 recommends no less. */
  readonly assumedMaxConcurrentStreams?: number | undefined;
  /** How many streams are opened at most, however many the peer allows. Default `Infinity`. */
  readonly mostStreams?: number | undefined;
  /** An odd number. Default 1. */
  readonly firstStreamId?: number | undefined;
}

export interface ResolvedHttp2EngineOptions {
  readonly now: () => number;
  readonly maxHeaderListSize: number;
  readonly maxHeaderFields: number;
  readonly maxFrameSize: number;
  readonly headerTableSize: number;
  readonly encoderTableSize: number;
  readonly streamWindow: number;
  readonly readWindow: number;
  readonly maxStreamWindow: number;
  readonly connectionWindow: number;
  readonly windowMemory: WindowMemory;
  readonly assumedMaxConcurrentStreams: number;
  readonly mostStreams: number;
  readonly firstStreamId: number;
}

const mebibyte = 1_048_576;

// Option, default, least, most.
const table: readonly (readonly [
  name: Exclude<keyof Http2EngineOptions, 'windowMemory' | 'mostStreams'>,
  fallback: number,
  least: number,
  most: number,
])[] = [
  ['maxHeaderListSize', 65_536, 1, maximumWindow],
  ['maxHeaderFields', 256, 1, maximumWindow],
  ['maxFrameSize', minimumMaxFrameSize, minimumMaxFrameSize, maximumMaxFrameSize],
  ['headerTableSize', defaultHeaderTableSize, 0, 2 ** 24],
  ['encoderTableSize', defaultHeaderTableSize, 0, 2 ** 24],
  ['streamWindow', mebibyte, 0, maximumWindow],
  ['readWindow', mebibyte, 1, maximumWindow],
  ['maxStreamWindow', 16 * mebibyte, 1, maximumWindow],
  // SETTINGS do not change the connection's window, and WINDOW_UPDATE can only enlarge it (RFC 9113 §6.9.2).
  ['connectionWindow', 16 * mebibyte, defaultWindow, maximumWindow],
  ['assumedMaxConcurrentStreams', recommendedMaxConcurrentStreams, 0, maximumWindow],
  ['firstStreamId', 1, 1, maximumWindow],
];

/**
 * Reads options as own properties.
 * @throws {LocalProtocolError} `INVALID_OPTION`, naming the option.
 */
export function resolveHttp2EngineOptions(options: Http2EngineOptions): ResolvedHttp2EngineOptions {
  const resolved: Record<string, unknown> = {
    now: options.now,
    windowMemory: options.windowMemory ?? unlimitedWindowMemory,
    mostStreams: options.mostStreams ?? Infinity,
  };
  for (const [name, fallback, least, most] of table) {
    const value: unknown = Object.hasOwn(options, name) ? (options[name] ?? fallback) : fallback;
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
      throw invalidOption(name, `must be an integer from ${least} to ${most}`);
    }
    resolved[name] = value;
  }
  // RFC 9113 §5.1.1: even ones are the server's.
  if ((resolved['firstStreamId'] as number) % 2 === 0) throw invalidOption('firstStreamId', 'must be odd');
  return resolved as unknown as ResolvedHttp2EngineOptions;
}

function invalidOption(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option ${JSON.stringify(name)} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
