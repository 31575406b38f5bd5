/** Timeouts: what the caller says, what is inherited, and the limits that follow. */
import type { Timeouts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';

/** Limits in milliseconds. `undefined` inherits, `null` means no limit. */
export interface TimeoutOptions {
  /** DNS, TCP, proxy handshake and TLS together. Default 10,000. */
  readonly connect?: number | null | undefined;
  /** The longest silence of the server while we wait for it. Default 120,000. */
  readonly read?: number | null | undefined;
  /** The longest time in which the server takes no more of the request. Default 60,000. */
  readonly write?: number | null | undefined;
  /** The longest wait for a connection while all permitted ones are taken. Default 30,000. */
  readonly pool?: number | null | undefined;
  /** A deadline over everything, from the call to the last byte of the response. Default none. */
  readonly total?: number | null | undefined;
}

/** A number is the total; `Infinity` says that it may take for ever. `null` lifts every limit. */
export type TimeoutInput = number | TimeoutOptions | null;

/** Connect 10 s, read idle 120 s, write idle 60 s, pool 30 s. */
const defaultPhases: Timeouts = Object.freeze([10_000, 120_000, 60_000, 30_000] as const);

/** What was said so far, by the client and by those that it extends, and what follows from it. */
export interface TimeoutSettings {
  /** `undefined` where nobody said anything. */
  readonly stated: Readonly<Record<keyof TimeoutOptions, number | null | undefined>>;
  readonly phases: Timeouts;
  readonly total: number | null;
}

const names: OptionNames<TimeoutOptions> = Object.freeze({
  connect: undefined,
  read: undefined,
  write: undefined,
  pool: undefined,
  total: undefined,
});
const lifted: TimeoutSettings['stated'] = Object.freeze({ connect: null, read: null, write: null, pool: null, total: null });

export const defaultTimeouts: TimeoutSettings = Object.freeze({
  stated: names,
  phases: defaultPhases,
  total: null,
});

/**
 * Lays `input` over what is inherited, limit by limit.
 * @throws {InvalidOption} a limit is not a number above 0, or null.
 */
export function mergeTimeouts(inherited: TimeoutSettings, input: TimeoutInput | undefined): TimeoutSettings {
  if (input === undefined) return inherited;
  if (input === null) return limitsOf(lifted);
  if (typeof input !== 'object') return limitsOf({ ...inherited.stated, total: limit('timeout', input) });
  const own = ownOptions(input, names, 'timeout');
  const { connect, read, write, pool, total } = inherited.stated;
  return limitsOf({
    connect: either(limit('timeout.connect', own.connect), connect),
    read: either(limit('timeout.read', own.read), read),
    write: either(limit('timeout.write', own.write), write),
    pool: either(limit('timeout.pool', own.pool), pool),
    total: either(limit('timeout.total', own.total), total),
  });
}

/**
 * An explicit value is never beaten by a hidden default: under a stated total, the phases that nobody stated have no limit of
 * their own, since a caller who grants ten minutes does not expect to fail after two.
 */
function limitsOf(stated: TimeoutSettings['stated']): TimeoutSettings {
  const totalStated = stated.total !== undefined && stated.total !== null;
  const [connect, read, write, pool] = totalStated ? [null, null, null, null] : defaultPhases;
  const phases: Timeouts = [
    finite(either(stated.connect, connect)),
    finite(either(stated.read, read)),
    finite(either(stated.write, write)),
    finite(either(stated.pool, pool)),
  ];
  return Object.freeze({ stated, phases: Object.freeze(phases), total: finite(stated.total ?? null) });
}

function finite(milliseconds: number | null): number | null {
  return milliseconds === Infinity ? null : milliseconds;
}

function either<Value>(own: number | null | undefined, inherited: Value): number | null | Value {
  return own === undefined ? inherited : own;
}

function limit(option: string, value: unknown): number | null | undefined {
  if (value === undefined || value === null) return value;
  if (typeof value !== 'number' || !(value > 0)) {
    throw new InvalidOption(option, 'must be a number of milliseconds above 0, or null for no limit');
  }
  return value;
}
