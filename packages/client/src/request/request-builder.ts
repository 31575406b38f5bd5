/** From the arguments of a verb to a request. */
import type { HeaderPair, UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { offerCodings } from './fields/accept-encoding.ts';
import { assembleMessage, MessageParts, methodName } from './assemble.ts';
import { Request } from './request.ts';
import { appendQuery, joinUrl, parseTarget, type Target } from './url/target.ts';
import { defaultFields } from './fields/default-fields.ts';
import { authorize, homeFields, union } from './fields/origin-fields.ts';
import type { RequestDefaults } from './request-defaults.ts';
import { overlayParams, toParams, serializeQuery } from './url/params.ts';
import { mergeJsonHooks, type JsonHooks } from './json-settings.ts';
import { messageNames, type OwnMessageOptions } from './request-options.ts';

/** What a client makes of one URL. */
interface KnownUrl {
  /** Without the client's own parameters. */
  readonly bare: Target;
  /** Does it say by itself who the user is? */
  readonly namesUser: boolean;
  /** Is it where the client's headers and parameters belong? Always, for a client without `baseUrl`. */
  readonly home: boolean;
  /** All of a request that has no options. */
  readonly plain: MessageParts;
  /** Of the latest request with fields that are nobody's to change. */
  latest: { readonly method: string; readonly headers: readonly HeaderPair[]; readonly request: Request } | undefined;
}

// Programs call a few URLs many times. Bounds for those that do not: at most 512 KiB of text for each client.
const mostUrls = 256;
const longestUrl = 2_048;

/** Builds a client's requests, and parses each URL once for a client that calls it again and again. */
export class RequestBuilder {
  readonly #defaults: RequestDefaults;
  readonly #query: string;
  readonly #boundAtHome: ReadonlySet<string>;
  readonly #urls = new Map<string, KnownUrl>();
  #latestUrl: { readonly parts: UrlParts; readonly known: KnownUrl } | undefined = undefined;

  constructor(defaults: RequestDefaults) {
    this.#defaults = defaults;
    this.#query = serializeQuery(defaults.params);
    const { base, homeHeaders, awayHeaders, sensitive } = defaults;
    this.#boundAtHome = base === undefined ? sensitive : union(sensitive, homeFields(homeHeaders, awayHeaders));
  }

  /**
   * @throws {InvalidOption} the method, the URL or an option is not usable.
   * @throws {UnsupportedProtocol} the URL's scheme is neither `http` nor `https`.
   * @throws {LocalProtocolError} a header holds what no header may hold.
   */
  build(
    method: string,
    url: string | URL,
    own: (OwnMessageOptions & JsonHooks & { readonly decompress?: boolean | null | undefined }) | undefined,
  ): Request {
    const known = this.#resolve(url);
    if (own === undefined && (method === 'GET' || method === 'HEAD')) return new Request(method, known.plain);
    const name = methodName(method);
    const { target, pairs, bound } = known.plain;
    if (own === undefined) return new Request(name, assembleMessage(name, target, pairs, {}, null, bound));
    const base = own.headers !== null ? pairs : known.namesUser ? authorize(defaultFields, known.bare) : defaultFields;
    const { stringify } = mergeJsonHooks(this.#defaults.json, own);
    const fields = offerCodings(base, own.decompress);
    return new Request(name, assembleMessage(name, this.#withParams(known, own.params), fields, own, null, bound, stringify));
  }

  /**
   * A request without content. `url` and `headers` are nobody's to change: the same ones give the same request.
   * @throws as {@link build}.
   */
  again(method: string, url: UrlParts, headers: readonly HeaderPair[]): Request {
    if (this.#latestUrl?.parts !== url) this.#latestUrl = { parts: url, known: this.#resolve(hrefOf(url)) };
    const { known } = this.#latestUrl;
    const { latest } = known;
    if (latest !== undefined && latest.headers === headers && latest.method === method) {
      // What is frozen is checked once below; what comes but once is not worth it.
      freezePairs(latest.request.rawHeaders);
      return latest.request;
    }
    const { target, pairs, bound } = known.plain;
    const name = methodName(method);
    const request = new Request(name, assembleMessage(name, target, pairs, { ...messageNames, headers }, null, bound));
    known.latest = { method, headers, request };
    return request;
  }

  #withParams(known: KnownUrl, params: OwnMessageOptions['params']): Target {
    if (params === undefined) return known.plain.target;
    if (params === null) return known.bare;
    const inherited = known.home ? this.#defaults.params : [];
    return appendQuery(known.bare, serializeQuery(overlayParams(inherited, toParams(params, 'params'))));
  }

  #resolve(url: string | URL): KnownUrl {
    const text = typeof url === 'string' ? url : urlText(url);
    return this.#urls.get(text) ?? this.#learn(text);
  }

  #learn(text: string): KnownUrl {
    const { base, homeHeaders, awayHeaders, sensitive } = this.#defaults;
    const parsed = parseTarget(joinUrl(base, text));
    // Decided on what the parser made of it, not on how it was written.
    const home = base === undefined || base.origin === parsed.origin;
    const namesUser = parsed.authorization !== undefined;
    const bare = home && !namesUser && base?.authorization !== undefined ? withCredentialsOf(base, parsed) : parsed;
    const pairs = authorize(home ? homeHeaders : awayHeaders, bare);
    const target = home ? appendQuery(bare, this.#query) : bare;
    const bound = home ? this.#boundAtHome : sensitive;
    const known: KnownUrl = { bare, namesUser, home, plain: new MessageParts(target, pairs, null, undefined, bound), latest: undefined };
    if (text.length <= longestUrl) {
      if (this.#urls.size >= mostUrls) this.#forgetOldest();
      this.#urls.set(text, known);
    }
    return known;
  }

  #forgetOldest(): void {
    const oldest = this.#urls.keys().next();
    if (oldest.done !== true) this.#urls.delete(oldest.value);
  }
}

function withCredentialsOf({ authorization }: Target, target: Target): Target {
  return Object.freeze({ ...target, authorization });
}

function urlText(url: unknown): string {
  if (url instanceof URL) return url.href;
  throw new InvalidOption('url', `must be a string or a URL, not ${url === null ? 'null' : typeof url}`, { code: 'INVALID_URL' });
}

function freezePairs(pairs: readonly HeaderPair[]): void {
  if (Object.isFrozen(pairs)) return;
  for (const pair of pairs) Object.freeze(pair);
  Object.freeze(pairs);
}

export function hrefOf([scheme, host, port, target]: UrlParts): string {
  return `${scheme}://${host}${port === null ? '' : `:${port}`}${target}`;
}
