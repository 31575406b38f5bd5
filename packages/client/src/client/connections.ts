/** What carries a client's requests: connections of its own, those of the client that it extends, or somebody else's dispatcher. */
import { ConnectionPool, LocalProtocolError, type Dispatcher, type PoolOptions, type TlsOptions, type TlsSource } from '@x/httpcore';

import { BackgroundWork } from '../caching/background-work.ts';
import { InvalidOption } from '../errors.ts';
import { mergeNetworkOptions, networkOptions, type NetworkSettings } from './network-settings.ts';
import { limitNames, tlsNames, type LimitOptions, type OwnClientOptions } from './client-options.ts';
import { count, milliseconds } from '../options/checks.ts';
import { givenAtOnce } from '../options/at-once.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { refuseProxy } from '../proxies/proxy-settings.ts';
import { ConcurrencyLimit } from '../routing/concurrency.ts';
import { mergeMounts, noMounts, type Mounts } from '../routing/mounts.ts';

export interface Connections {
  /** Where everything goes that no mount is for. */
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>;
  /** Who has to wait for others to end, where the requests that run at once are limited. */
  readonly concurrency: ConcurrencyLimit | undefined;
  readonly mounts: Mounts;
  /** What caches do over them while nobody waits. */
  readonly background: BackgroundWork;
  /** The pool that is the client's own to close. */
  readonly pool: ConnectionPool | undefined;
  /** Is the dispatcher somebody else's? */
  readonly foreign: boolean;
  readonly tls: TlsOptions | TlsSource;
  readonly limits: LimitOptions;
  readonly network: NetworkSettings;
}

/** @throws {InvalidOption} naming the option. */
export function openConnections(own: OwnClientOptions, parent: Connections | undefined): Connections {
  const mounts = mergeMounts(parent?.mounts ?? noMounts, own.mounts);
  return { ...openDefault(own, parent), mounts };
}

function openDefault(own: OwnClientOptions, parent: Connections | undefined): Omit<Connections, 'mounts'> {
  const { dispatcher } = own;
  // A mock that is extended must not turn into the network by way of an option.
  if (dispatcher !== null && (dispatcher !== undefined || parent?.foreign === true)) refuseNetworkOptions(own);
  if (dispatcher !== undefined && dispatcher !== null) return useDispatcher(dispatcher);
  const changed =
    dispatcher === null || own.tls !== undefined || own.limits !== undefined || networkOptions.some((option) => own[option] !== undefined);
  if (parent !== undefined && !changed) return { ...parent, pool: undefined };

  const tls = layTls(own.tls === null ? {} : (parent?.tls ?? {}), own.tls ?? {});
  const limits = own.limits === null ? unlimited : layOver(limitNames, parent?.limits, ownOptions(own.limits ?? {}, limitNames, 'limits'));
  const network = mergeNetworkOptions(parent?.network ?? {}, own);
  const pool = openPool(poolOptions(tls, limits, network));
  const concurrency = limitConcurrency(pool, limits);
  return { dispatcher: concurrency ?? pool, concurrency, background: new BackgroundWork(), pool, foreign: false, tls, limits, network };
}

/** What the pool finds wrong is told as everything else is. */
function openPool(options: PoolOptions): ConnectionPool {
  try {
    return new ConnectionPool(options);
  } catch (cause) {
    const [, option, problem] = /^The option "([^"]+)"(?:: )?(.*)$/.exec((cause as Error).message) ?? [];
    if (!(cause instanceof LocalProtocolError) || option === undefined) throw cause;
    throw new InvalidOption(option, problem!.trim(), { cause });
  }
}

const unlimited: LimitOptions = Object.freeze({
  maxConnections: null,
  maxConnectionsPerOrigin: null,
  maxConcurrency: null,
  maxConcurrencyPerOrigin: null,
  keepAliveTimeout: null,
  maxConnectionAge: null,
  maxRequestsPerConnection: null,
  maxIdleConnections: null,
  maxBufferedBytes: null,
});

function limitConcurrency(pool: ConnectionPool, limits: LimitOptions): ConcurrencyLimit | undefined {
  const all = checkCount('limits.maxConcurrency', limits.maxConcurrency) ?? Infinity;
  const perOrigin = checkCount('limits.maxConcurrencyPerOrigin', limits.maxConcurrencyPerOrigin) ?? Infinity;
  return all === Infinity && perOrigin === Infinity ? undefined : new ConcurrencyLimit(pool, { all, perOrigin });
}

function useDispatcher(dispatcher: Dispatcher): Omit<Connections, 'mounts'> {
  if (typeof (dispatcher as Partial<Dispatcher>).dispatch !== 'function')
    throw new InvalidOption('dispatcher', 'must have a dispatch() method');
  return {
    dispatcher,
    concurrency: undefined,
    background: new BackgroundWork(),
    pool: undefined,
    foreign: true,
    tls: {},
    limits: {},
    network: {},
  };
}

function refuseNetworkOptions(own: OwnClientOptions): void {
  refuseProxy(own.proxy);
  for (const option of ['tls', 'limits', ...networkOptions] as const) {
    if (own[option] !== undefined) {
      throw new InvalidOption(option, 'can not be used together with "dispatcher": it is the dispatcher that has the connections');
    }
  }
}

function poolOptions(tls: TlsOptions | TlsSource, limits: LimitOptions, network: NetworkSettings): PoolOptions {
  return {
    ...network,
    tls,
    maxConnections: checkCount('limits.maxConnections', limits.maxConnections),
    maxConnectionsPerOrigin: checkCount('limits.maxConnectionsPerOrigin', limits.maxConnectionsPerOrigin),
    keepAliveTimeout: checkMilliseconds('limits.keepAliveTimeout', limits.keepAliveTimeout),
    maxConnectionAge: checkMilliseconds('limits.maxConnectionAge', limits.maxConnectionAge),
    maxRequestsPerConnection: checkCount('limits.maxRequestsPerConnection', limits.maxRequestsPerConnection),
    maxIdleConnections: checkCount('limits.maxIdleConnections', limits.maxIdleConnections, 0),
    maxBufferedBytes: checkCount('limits.maxBufferedBytes', limits.maxBufferedBytes),
  };
}

/** What may change is laid over what may change each time that one of them has. */
function layTls(under: TlsOptions | TlsSource, over: TlsOptions | TlsSource): TlsOptions | TlsSource {
  const lay = (inherited: TlsOptions, own: TlsOptions): TlsOptions => layOver(tlsNames, inherited, ownOptions(own, tlsNames, 'tls'));
  if (typeof under !== 'function' && typeof over !== 'function') return lay(under, over);
  let last: { readonly inherited: TlsOptions; readonly own: TlsOptions; readonly both: TlsOptions } | undefined;
  return () => {
    const inherited = atOnce(under);
    const own = atOnce(over);
    if (last === undefined || last.inherited !== inherited || last.own !== own) last = { inherited, own, both: lay(inherited, own) };
    return last.both;
  };
}

/** @throws {InvalidOption} the function is an asynchronous one: laid over others, its promise would be no options at all. */
function atOnce(tls: TlsOptions | TlsSource): TlsOptions {
  if (typeof tls !== 'function') return tls;
  return givenAtOnce('tls', tls(), 'must be given at once, and is a promise: read what it needs beforehand, or by tlsFiles()');
}

/** Every option as an own property, so that the pool does not find one on `Object.prototype` either. */
function layOver<Options extends object>(names: OptionNames<Options>, inherited: Options | undefined, own: Options): Options {
  const merged: Record<string, unknown> = { ...names, ...inherited };
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined) merged[name] = value;
  }
  return merged as Options;
}

function checkCount(option: string, value: number | null | undefined, least = 1): number | undefined {
  if (value === undefined) return undefined;
  if (value === null || value === Infinity) return Infinity;
  return count(option, value, { least, or: 'null for no limit' });
}

function checkMilliseconds(option: string, value: number | null | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (value === null) return Infinity;
  return milliseconds(option, value, { or: 'null for no limit' });
}
