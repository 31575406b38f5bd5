/** What is remembered of the proxies that were chosen for one dispatcher, so that their connections are found again and absent ones are not waited for each time. */
import type { Dispatcher, Proxy } from '@x/httpcore';

import { readProxy, type ProxyInput } from './proxy.ts';
import type { Ways } from './proxy-choice.ts';

/** For so long a proxy that was not reached comes last, in milliseconds. */
export const avoidedFor = 60_000;

const mostProxies = 256;

const ofDispatchers = new WeakMap<object, KnownProxies>();

/** It has the connections, and with them the network that proxies are reached on. */
export function knownProxies(dispatcher: Pick<Dispatcher, 'dispatch'>): KnownProxies {
  let known = ofDispatchers.get(dispatcher);
  if (known === undefined) {
    known = new KnownProxies();
    ofDispatchers.set(dispatcher, known);
  }
  return known;
}

export class KnownProxies {
  /** Each URL becomes one proxy: its connections, TLS sessions and nonces are found by it. */
  readonly #proxies = new Map<string, Proxy>();
  /** Those that were not reached, and until when they come last. By what is shown of them: credentials make no difference. */
  readonly #absent = new Map<string, number>();

  readonly proxy = (input: ProxyInput): Proxy => {
    if (typeof input !== 'string') return readProxy(input);
    let proxy = this.#proxies.get(input);
    if (proxy === undefined) {
      proxy = readProxy(input);
      remember(this.#proxies, input, proxy);
    }
    return proxy;
  };

  /** Those that were not reached lately come last, each part in its order. */
  inOrder(ways: Ways, now: number): Ways {
    if (this.#absent.size === 0 || ways.length < 2) return ways;
    const present = ways.filter((way) => !this.#isAbsent(way, now));
    return present.length === ways.length ? ways : [...present, ...ways.filter((way) => !present.includes(way))];
  }

  /** Another was, in its place. */
  notReached(proxy: Proxy, now: number): void {
    remember(this.#absent, proxy.toString(), now + avoidedFor);
  }

  reached(proxy: Proxy): void {
    if (this.#absent.size > 0) this.#absent.delete(proxy.toString());
  }

  #isAbsent(way: Proxy | null, now: number): boolean {
    return way !== null && (this.#absent.get(way.toString()) ?? -Infinity) > now;
  }
}

function remember<Value>(known: Map<string, Value>, key: string, value: Value): void {
  known.delete(key);
  known.set(key, value);
  const oldest = known.keys().next();
  if (known.size > mostProxies && oldest.done !== true) known.delete(oldest.value);
}
