/** A dispatcher by ways that are chosen for each request, one after the other where a proxy can not be reached. */
import {
  ConnectError,
  HttpCoreError,
  type ConnectedStream,
  type ConnectOptions,
  type DispatchContext,
  type Dispatcher,
  type HeaderPair,
  type Proxy,
  type TraceEvents,
  type TraceObserver,
  type UrlParts,
} from '@x/httpcore';

import { withinCall, type CallLimits } from '../call/within-call.ts';
import { parseUrl } from '../request/url/url.ts';
import { now } from '../time/platform.ts';
import { connectOf, type Connect } from './connect-of.ts';
import { knownProxies, type KnownProxies } from '../proxies/known-proxies.ts';
import { readWays, type ProxyChoice, type ProxyFunction, type Ways } from '../proxies/proxy-choice.ts';
import { ProxyNotChosen } from '../proxies/proxy-errors.ts';

type Dispatch = Dispatcher['dispatch'];

/** Ways that are the same for all, or a function that says them. */
export type WaysOrFunction = Ways | ProxyFunction;

export class ChosenWays implements Pick<Dispatcher, 'dispatch'> {
  readonly #chosen: WaysOrFunction;
  readonly #dispatcher: Pick<Dispatcher, 'dispatch'>;
  readonly #known: KnownProxies;
  /** `undefined` where the dispatcher has no connections to give. */
  readonly connect: Connect | undefined;

  constructor(chosen: WaysOrFunction, dispatcher: Pick<Dispatcher, 'dispatch'>) {
    this.#chosen = chosen;
    this.#dispatcher = dispatcher;
    this.#known = knownProxies(dispatcher);
    const connect = connectOf(dispatcher);
    if (connect !== undefined) this.connect = (origin, options) => this.#connect(connect, origin, options);
  }

  async dispatch(...[method, url, headers, body, timeouts, context]: Parameters<Dispatch>): ReturnType<Dispatch> {
    const chosen = this.#choose(url, context ?? {});
    const ways = chosen instanceof Promise ? await chosen : chosen;
    const byProxy = withoutProxyAuthorization(headers, typeof this.#chosen === 'function');
    return this.#oneOf(ways, originOf(url), (proxy, isFirst, isLast) => {
      const trace = isFirst && isLast ? context?.trace : traceOf(context?.trace, isFirst, isLast);
      return this.#dispatcher.dispatch(method, url, byProxy(proxy, isFirst), body, timeouts, { ...context, proxy, trace });
    });
  }

  async #connect(connect: Connect, origin: string, options: ConnectOptions): Promise<ConnectedStream> {
    const { protocol, hostname, port } = parseUrl(origin)!;
    const url: UrlParts = [protocol.slice(0, -1), hostname, port === '' ? null : Number(port), '/'];
    const ways = await this.#choose(url, { signal: options.signal });
    return this.#oneOf(ways, originOf(url), (proxy) => connect(origin, { ...options, proxy }));
  }

  /** @throws {ProxyNotChosen} */
  #choose(url: UrlParts, { signal, deadline }: Pick<DispatchContext, 'signal' | 'deadline'>): Ways | Promise<Ways> {
    if (typeof this.#chosen !== 'function') return this.#known.inOrder(this.#chosen, now());
    const controller = new AbortController();
    let choice: ProxyChoice | Promise<ProxyChoice>;
    try {
      choice = this.#chosen(urlOf(url), { signal: controller.signal });
      if (typeof (choice as Partial<PromiseLike<unknown>> | null)?.then === 'function') {
        return this.#waitFor(Promise.resolve(choice), url, { signal, deadline }, controller);
      }
    } catch (error) {
      throw functionFailed(url, error);
    }
    return this.#read(choice as ProxyChoice, url);
  }

  async #waitFor(choice: Promise<ProxyChoice>, url: UrlParts, limits: CallLimits, controller: AbortController): Promise<Ways> {
    const told = choice.then(
      (chosen) => this.#read(chosen, url),
      (error: unknown) => {
        throw functionFailed(url, error);
      },
    );
    try {
      return await withinCall(limits, told);
    } catch (error) {
      controller.abort(error);
      throw error;
    }
  }

  #read(choice: ProxyChoice, url: UrlParts): Ways {
    try {
      return this.#known.inOrder(readWays(choice, this.#known.proxy), now());
    } catch (cause) {
      const message = `The proxy function gave what is no proxy for ${originOf(url)}: ${(cause as Error).message}`;
      throw new ProxyNotChosen(message, { code: 'INVALID_PROXY_CHOICE', cause });
    }
  }

  /** Until one does not fail for want of its proxy. */
  async #oneOf<Result>(
    ways: Ways,
    origin: string,
    take: (way: Proxy | null, isFirst: boolean, isLast: boolean) => Promise<Result>,
  ): Promise<Result> {
    const absent: { readonly proxy: Proxy; readonly error: HttpCoreError }[] = [];
    for (const [index, way] of ways.entries()) {
      try {
        const result = await take(way, index === 0, index === ways.length - 1);
        const moment = now();
        // Only now is it known that it is not the network, or the origin, that is gone.
        for (const { proxy } of absent) this.#known.notReached(proxy, moment);
        if (way !== null) this.#known.reached(way);
        return result;
      } catch (error) {
        if (way === null || !isForWantOfProxy(error)) throw error;
        absent.push({ proxy: way, error });
      }
    }
    throw absent.length === 1 ? absent[0]!.error : noneReached(origin, absent);
  }
}

function isForWantOfProxy(error: unknown): error is HttpCoreError {
  return error instanceof HttpCoreError && error.unreachedProxy !== undefined;
}

function noneReached(origin: string, absent: readonly { readonly proxy: Proxy; readonly error: HttpCoreError }[]): ConnectError {
  const { error: last } = absent.at(-1)!;
  const said = absent.map(({ proxy, error }) => `${proxy.origin} (${error.errno ?? error.code})`).join(', ');
  return new ConnectError(`No proxy on the list for ${origin} could be reached: ${said}`, {
    phase: last.phase,
    origin,
    method: last.method,
    attempts: absent.flatMap(({ error }) => (error instanceof ConnectError ? error.attempts : [])),
    unreachedProxy: last.unreachedProxy,
    cause: last,
  });
}

function functionFailed(url: UrlParts, cause: unknown): ProxyNotChosen {
  return new ProxyNotChosen(`The proxy function failed for ${originOf(url)}; its error is the cause`, { cause });
}

/** It was meant for one proxy: the others on a list, and an origin that the function leads to, are not told. */
function withoutProxyAuthorization(
  headers: readonly HeaderPair[],
  isByFunction: boolean,
): (proxy: Proxy | null, isFirst: boolean) => readonly HeaderPair[] {
  const isOfProxy = ([name]: HeaderPair): boolean => name.toLowerCase() === 'proxy-authorization';
  if (!headers.some(isOfProxy)) return () => headers;
  const others = headers.filter((field) => !isOfProxy(field));
  return (proxy, isFirst) => (isFirst && !(proxy === null && isByFunction) ? headers : others);
}

/** To whoever watches it is one request, which is sent again where it could not be sent before. */
function traceOf(trace: TraceObserver | undefined, isFirst: boolean, isLast: boolean): TraceObserver | undefined {
  if (trace === undefined) return undefined;
  return (name, at, detail) => {
    if (name === 'queued' && !isFirst) return undefined;
    const goesOn = name === 'failed' && !isLast && isForWantOfProxy((detail as TraceEvents['failed']).error);
    return goesOn ? trace('replayed', at, detail as TraceEvents['replayed']) : trace(name, at, detail);
  };
}

function originOf([scheme, host, port]: UrlParts): string {
  return `${scheme}://${host}${port === null ? '' : `:${port}`}`;
}

/** A URL knows no zones of addresses, and no target that is no path. */
function urlOf([scheme, host, port, target]: UrlParts): URL {
  const origin = originOf([scheme, host.replace(/%.*(?=\])/, ''), port, target]);
  return new URL(target.startsWith('/') ? origin + target : origin);
}
