/** Which proxy a request goes by, and who says so: the call, a mount, the client or the environment, in this order. */
import type { Proxy, UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { invalidVariable, readProxyEnvironment, type NamedProxy, type OnInvalidProxy } from './environment.ts';
import { readWays, type ProxyFunction, type ProxyOption, type Ways } from './proxy-choice.ts';
import { readProxy } from './proxy.ts';

/** `null`: none. */
type FindProxy = (url: UrlParts) => Proxy | null;

/** What somebody has said: several are tried in order, a function is asked for each request. */
export type StatedProxy = Proxy | null | Ways | ProxyFunction;

export interface ProxySettings {
  /** `null` says that there is to be none; `undefined` says nothing. */
  readonly stated: StatedProxy | undefined;
  /** What holds where nobody says anything. */
  readonly environment: FindProxy | undefined;
  /** Does it come from the call itself? Then it counts more than a mount. */
  readonly isOfCall: boolean;
}

/** How the environment is trusted. */
export interface TrustEnvOptions {
  /**
   * What becomes of requests whose proxy variable can not be understood: they `fail` with `InvalidOption` (`INVALID_PROXY_VARIABLE`), as with
   * curl; or they go as if it were not there (`direct`), with a process warning. Default `fail`.
   */
  readonly onInvalid?: 'fail' | 'direct' | undefined;
}

/** Whether the environment is asked: for all that it can say, or for some of it. */
export type TrustEnvInput = boolean | TrustEnvOptions;

const trustNames: OptionNames<TrustEnvOptions> = Object.freeze({ onInvalid: undefined });

/**
 * `undefined`: it is not trusted.
 * @throws {InvalidOption} it is none of the forms.
 */
export function readTrustEnv(input: TrustEnvInput | null): OnInvalidProxy | undefined {
  if (input === null || input === false) return undefined;
  if (input === true) return 'fail';
  if (typeof input !== 'object') throw new InvalidOption('trustEnv', 'must be a boolean, or an object with onInvalid');
  const { onInvalid = 'fail' } = ownOptions(input, trustNames, 'trustEnv');
  if (onInvalid !== 'fail' && onInvalid !== 'direct') throw new InvalidOption('trustEnv.onInvalid', "must be 'fail' or 'direct'");
  return onInvalid;
}

export const noProxies: ProxySettings = Object.freeze({ stated: undefined, environment: undefined, isOfCall: false });

/** Of a call that has named the whole way by itself. */
export const passedBy: ProxySettings = Object.freeze({ stated: undefined, environment: undefined, isOfCall: true });

/** @throws {InvalidOption} `proxy` or `trustEnv` is none of the forms. */
export function clientProxies(
  inherited: ProxySettings,
  input: ProxyOption | undefined,
  trustEnv: TrustEnvInput | null | undefined,
): ProxySettings {
  if (input === undefined && trustEnv === undefined) return inherited;
  return {
    stated: input === undefined ? inherited.stated : readStated(input),
    environment: trustEnv === undefined ? inherited.environment : environmentFor(trustEnv, inherited.environment),
    isOfCall: false,
  };
}

/** @throws {InvalidOption} it is none of the forms. */
export function callProxies(client: ProxySettings, input: ProxyOption | undefined): ProxySettings {
  return input === undefined ? client : { stated: readStated(input), environment: undefined, isOfCall: true };
}

/** `undefined`: nobody says anything. */
export function selectProxy({ stated, environment }: ProxySettings, url: UrlParts): StatedProxy | undefined {
  return stated === undefined ? environment?.(url) : stated;
}

function readStated(input: ProxyOption): StatedProxy {
  if (typeof input === 'function') return input;
  const ways = readWays(input);
  return ways.length === 1 ? ways[0]! : Object.freeze(ways);
}

/** The one that is inherited is kept, unless something else is said about it. */
function environmentFor(trustEnv: TrustEnvInput | null, inherited: FindProxy | undefined): FindProxy | undefined {
  const onInvalid = readTrustEnv(trustEnv);
  if (onInvalid === undefined) return undefined;
  return trustEnv === true && inherited !== undefined ? inherited : fromEnvironment(onInvalid);
}

/** Read when the client is made. Each proxy is made once, so that its connections and its nonces are found again. */
function fromEnvironment(onInvalid: OnInvalidProxy): FindProxy {
  const warn = (message: string): void => process.emitWarning(message, { type: 'ProxyEnvironmentWarning' });
  const environment = readProxyEnvironment(process.env, onInvalid, warn);
  const proxies = new Map<string, Proxy | null>();
  return (url) => {
    const named = environment.proxyFor(url);
    if (named === undefined) return null;
    let proxy = proxies.get(named.url);
    if (proxy === undefined) {
      proxy = proxyOf(named, onInvalid, warn);
      proxies.set(named.url, proxy);
    }
    return proxy;
  };
}

/** @throws {InvalidOption} it can not be used, and is not to be left out. */
function proxyOf({ variable, url }: NamedProxy, onInvalid: OnInvalidProxy, warn: (message: string) => void): Proxy | null {
  try {
    return readProxy(url);
  } catch (error) {
    const { message } = error as Error;
    if (onInvalid === 'fail') throw invalidVariable(variable, message, error);
    warn(`${variable} is ignored: ${message}`);
    return null;
  }
}

/** @throws {InvalidOption} there is somebody else's dispatcher, which has connections of its own. */
export function refuseProxy(input: ProxyOption | undefined): void {
  if (input !== undefined) {
    throw new InvalidOption('proxy', 'can not be used together with "dispatcher": it is the dispatcher that has the connections');
  }
}
