/** Which proxy a request goes by, and who says so: the call, a mount, the client or the environment, in this order. */
import type { Proxy, UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { readProxyEnvironment } from './environment.ts';
import { readProxy, type ProxyInput } from './proxy.ts';

/** `null`: none. */
type FindProxy = (url: UrlParts) => Proxy | null;

export interface ProxySettings {
  /** `null` says that there is to be none; `undefined` says nothing. */
  readonly stated: Proxy | null | undefined;
  /** What holds where nobody says anything. */
  readonly environment: FindProxy | undefined;
  /** Does it come from the call itself? Then it counts more than a mount. */
  readonly isOfCall: boolean;
}

export const noProxies: ProxySettings = Object.freeze({ stated: undefined, environment: undefined, isOfCall: false });

/** @throws {InvalidOption} `proxy` or `trustEnv` is none of the forms. */
export function clientProxies(
  inherited: ProxySettings,
  input: ProxyInput | null | undefined,
  trustEnv: boolean | null | undefined,
): ProxySettings {
  if (input === undefined && trustEnv === undefined) return inherited;
  return {
    stated: input === undefined ? inherited.stated : readStated(input),
    environment:
      trustEnv === undefined ? inherited.environment : trustEnv === true ? (inherited.environment ?? fromEnvironment()) : undefined,
    isOfCall: false,
  };
}

/** @throws {InvalidOption} it is none of the forms. */
export function callProxies(client: ProxySettings, input: ProxyInput | null | undefined): ProxySettings {
  return input === undefined ? client : { stated: readStated(input), environment: undefined, isOfCall: true };
}

/** `undefined`: nobody says anything. */
export function selectProxy({ stated, environment }: ProxySettings, url: UrlParts): Proxy | null | undefined {
  return stated === undefined ? environment?.(url) : stated;
}

function readStated(input: ProxyInput | null): Proxy | null {
  return input === null ? null : readProxy(input);
}

/** Read when the client is made. Each proxy is made once, so that its connections and its nonces are found again. */
function fromEnvironment(): FindProxy {
  const warn = (message: string): void => process.emitWarning(message, { type: 'ProxyEnvironmentWarning' });
  const environment = readProxyEnvironment(process.env, warn);
  const proxies = new Map<string, Proxy | null>();
  return (url) => {
    const text = environment.proxyFor(url);
    if (text === undefined) return null;
    let proxy = proxies.get(text);
    if (proxy === undefined) {
      proxy = proxyOf(text, warn);
      proxies.set(text, proxy);
    }
    return proxy;
  };
}

/** What the environment says wrong must not end a program: it goes on without. */
function proxyOf(text: string, warn: (message: string) => void): Proxy | null {
  try {
    return readProxy(text);
  } catch (error) {
    warn(`A proxy of the environment is ignored: ${(error as Error).message}`);
    return null;
  }
}

/** @throws {InvalidOption} there is somebody else's dispatcher, which has connections of its own. */
export function refuseProxy(input: ProxyInput | null | undefined): void {
  if (input !== undefined) {
    throw new InvalidOption('proxy', 'can not be used together with "dispatcher": it is the dispatcher that has the connections');
  }
}
