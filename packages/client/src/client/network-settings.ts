/** How connections are made, beside TLS and limits: what a client says, what it inherits, and what the pool is told. */
import { isIP } from 'node:net';

import type { Guard, PoolOptions } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { boolean, count } from '../options/checks.ts';
import type { OwnClientOptions } from './client-options.ts';
import type { ClientHttp2Options } from './http2-options.ts';

export type NetworkSettings = Pick<
  PoolOptions,
  | 'http1'
  | 'http2'
  | 'socketPath'
  | 'localAddress'
  | 'lookup'
  | 'connect'
  | 'dns'
  | 'resolve'
  | 'guard'
  | 'lenientHttp1'
  | 'coalesce'
  | 'pipelining'
  | 'diagnostics'
>;

const plainOptions = [
  'socketPath',
  'localAddress',
  'lookup',
  'connect',
  'dns',
  'resolve',
  'guard',
  'lenientHttp1',
  'coalesce',
  'pipelining',
  'diagnostics',
] as const;

export const networkOptions: readonly ['http2', ...typeof plainOptions] = ['http2', ...plainOptions];

/**
 * `null` is the pool's default.
 * @throws {InvalidOption} naming the option.
 */
export function mergeNetworkOptions(inherited: NetworkSettings, own: OwnClientOptions): NetworkSettings {
  const merged: Record<string, unknown> = { ...inherited };
  if (own.http2 !== undefined) Object.assign(merged, versions(own.http2));
  for (const option of plainOptions) {
    if (own[option] === undefined) continue;
    // Of names `null` says more than the default: nothing is remembered.
    merged[option] = own[option] === null ? (option === 'dns' ? null : undefined) : checked(option, own[option]);
  }
  return merged;
}

function versions(http2: unknown): Pick<PoolOptions, 'http1' | 'http2'> {
  if (http2 === 'prior-knowledge') return { http1: false, http2: true };
  if (typeof http2 === 'object' && http2 !== null) {
    const { priorKnowledge = false, ...own } = { ...http2 } as ClientHttp2Options;
    return { http1: boolean('http2.priorKnowledge', priorKnowledge) ? false : undefined, http2: own };
  }
  if (http2 !== null && typeof http2 !== 'boolean')
    throw new InvalidOption('http2', "must be true, false, 'prior-knowledge' or an object with options");
  return { http1: undefined, http2: http2 ?? false };
}

function checked(option: (typeof plainOptions)[number], value: unknown): unknown {
  if (option === 'lenientHttp1' || option === 'coalesce') return boolean(option, value);
  if (option === 'pipelining') return count(option, value, { least: 1 });
  // Their insides are checked by the pool.
  if (option === 'dns' || option === 'resolve') {
    if (typeof value !== 'object') throw new InvalidOption(option, 'must be an object, or null');
    return value;
  }
  if (option === 'lookup') {
    if (typeof value !== 'function') throw new InvalidOption(option, 'must be a function, as dns.lookup');
    return value;
  }
  if (option === 'connect') {
    if (typeof value !== 'function') throw new InvalidOption(option, 'must be a function that gives a stream for a host and a port');
    return value;
  }
  if (option === 'guard') {
    if (typeof (Object(value) as Partial<Guard>).check !== 'function')
      throw new InvalidOption(option, 'must have a method check(), as publicOnly() has');
    return value;
  }
  if (option === 'diagnostics' && value !== 'undici') throw new InvalidOption(option, "must be 'undici', or null");
  if (typeof value !== 'string' || value === '') throw new InvalidOption(option, 'must be text');
  if (option === 'localAddress' && isIP(value) === 0) throw new InvalidOption(option, 'must be an IP address of this machine');
  return value;
}
