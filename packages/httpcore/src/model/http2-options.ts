/** How HTTP/2 is spoken, where the defaults are not what an operator wants. */
import { LocalProtocolError } from '../contract/errors.ts';

/** Times in milliseconds, sizes in bytes. */
export interface Http2Options {
  /** Streams at once on one connection, if the server allows as many. Default `Infinity`: as many as it allows, 100 until it has said. */
  readonly maxConcurrentStreams?: number | undefined;
  /**
   * Connections over HTTP/2 to one origin that take new requests; another is made when all streams of those that there are are taken. Default `Infinity`: as many as
   * the pool's `maxConnectionsPerOrigin`. 1: requests wait for a stream.
   */
  readonly maxConnectionsPerOrigin?: number | undefined;
  /**
   * What one response may have under way or unread (SETTINGS_INITIAL_WINDOW_SIZE), 1 to 2,147,483,647. Default 1,048,576, or 1/64 of `maxBufferedBytes` where that is
   * less, but 16,384 where that is a quarter of it at most. A quarter of it, a sixteenth and so on where many are under way: see `maxBufferedBytes`.
   */
  readonly streamWindow?: number | undefined;
  /** What that may grow to for a response that is read as fast as it comes. Default 16,777,216, or a quarter of `maxBufferedBytes`. At least `streamWindow`. */
  readonly maxStreamWindow?: number | undefined;
  /** What all responses of a connection may have under way, 65,535 to 2,147,483,647. Default 16,777,216, or a quarter of `maxBufferedBytes`. */
  readonly connectionWindow?: number | undefined;
  /** After so much silence while requests run, the server is asked with a PING whether it is there. Default 30,000; `Infinity`: never. */
  readonly pingInterval?: number | undefined;
  /** A server that says nothing for so long after a PING is lost, with `H2_PING_TIMEOUT`. Default 10,000. */
  readonly pingTimeout?: number | undefined;
  /** Ask idle connections as well. Servers may find many PINGs too many (ENHANCE_YOUR_CALM). Default `false`. */
  readonly pingWhileIdle?: boolean | undefined;
  /** An idle connection is closed after so long. Default 90,000. */
  readonly idleTimeout?: number | undefined;
}

export interface Http2Settings {
  readonly maxConcurrentStreams: number;
  readonly maxConnectionsPerOrigin: number;
  /** `undefined`: it follows from what the pool may hold. */
  readonly streamWindow: number | undefined;
  readonly maxStreamWindow: number | undefined;
  readonly connectionWindow: number | undefined;
  readonly pingInterval: number;
  readonly pingTimeout: number;
  readonly pingWhileIdle: boolean;
  readonly idleTimeout: number;
}

export const http2Defaults: Http2Settings = Object.freeze({
  maxConcurrentStreams: Infinity,
  maxConnectionsPerOrigin: Infinity,
  streamWindow: undefined,
  maxStreamWindow: undefined,
  connectionWindow: undefined,
  pingInterval: 30_000,
  pingTimeout: 10_000,
  pingWhileIdle: false,
  idleTimeout: 90_000,
});

const largestWindow = 2_147_483_647;
const windows: readonly (readonly [name: 'streamWindow' | 'maxStreamWindow' | 'connectionWindow', least: number])[] = [
  ['streamWindow', 1],
  ['maxStreamWindow', 1],
  // RFC 9113 §6.9.2: it begins there, and can only be enlarged.
  ['connectionWindow', 65_535],
];

/**
 * Reads options as own properties.
 * @throws {LocalProtocolError} `INVALID_OPTION`, naming the option.
 */
export function resolveHttp2Options(options: unknown): Http2Settings {
  if (typeof options === 'boolean') return http2Defaults;
  if (typeof options !== 'object' || options === null) throw invalidOption('http2', 'must be a boolean, or an object with options');
  const settings: Record<string, unknown> = { ...http2Defaults };
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(http2Defaults, name)) throw invalidOption(`http2.${name}`, 'is not an option');
    if (value !== undefined) settings[name] = value;
  }
  for (const name of ['maxConcurrentStreams', 'maxConnectionsPerOrigin'] as const) {
    const value = settings[name];
    if (value !== Infinity && !(Number.isInteger(value) && (value as number) >= 1))
      throw invalidOption(`http2.${name}`, 'must be an integer of at least 1, or Infinity');
  }
  for (const [name, least] of windows) {
    const value = settings[name];
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= least && (value as number) <= largestWindow))
      throw invalidOption(`http2.${name}`, `must be an integer from ${least} to ${largestWindow}`);
  }
  for (const name of ['pingInterval', 'pingTimeout', 'idleTimeout'] as const) {
    const value = settings[name];
    if (typeof value !== 'number' || !(value >= 1)) throw invalidOption(`http2.${name}`, 'must be a number of milliseconds, 1 or more');
  }
  if (typeof settings['pingWhileIdle'] !== 'boolean') throw invalidOption('http2.pingWhileIdle', 'must be a boolean');
  const { streamWindow, maxStreamWindow } = settings as unknown as Http2Settings;
  if (streamWindow !== undefined && maxStreamWindow !== undefined && maxStreamWindow < streamWindow)
    throw invalidOption('http2.maxStreamWindow', 'must not be less than http2.streamWindow');
  return Object.freeze(settings) as unknown as Http2Settings;
}

function invalidOption(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option ${JSON.stringify(name)} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
