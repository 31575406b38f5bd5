import { Proxy as CoreProxy, type ProxyAuthenticator, type ProxyOptions as CoreProxyOptions } from '@x/httpcore';

import { BasicAuth } from '../auth/basic.ts';
import { DigestAuth } from '../auth/digest/digest.ts';
import { InvalidOption } from '../errors.ts';
import { readHeaderChanges, type HeadersInput } from '../request/fields/header-input.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { basicThenDigest } from './proxy-authentication.ts';

/** What a URL can't say of a proxy. */
export interface ProxyOptions extends Omit<CoreProxyOptions, 'auth' | 'authenticate' | 'headers' | 'via'> {
  /**
   * Who we are to it. User and password, by default those in its URL, are told an HTTP proxy by Basic, up front, and by Digest once it asks
   * for that; `new DigestAuth(user, password)` never sends the password. `null`: nobody, whatever the URL says. A SOCKS proxy takes user and password alone.
   */
  readonly auth?: readonly [user: string, password: string] | BasicAuth | DigestAuth | ProxyAuthenticator | null | undefined;
  /** Fields for an HTTP proxy and nobody else. */
  readonly headers?: HeadersInput | undefined;
  /** The proxy through which this one is reached. */
  readonly via?: ProxyInput | undefined;
}

/** A proxy: its URL, with credentials or without, or what `new Proxy()` makes of that. */
export type ProxyInput = string | URL | CoreProxy;

const optionNames: OptionNames<ProxyOptions> = Object.freeze({
  auth: undefined,
  headers: undefined,
  tls: undefined,
  tunnel: undefined,
  http2: undefined,
  socketPath: undefined,
  via: undefined,
});

/**
 * A proxy, and how to speak to it. Immutable; two that say the same share connections. Printed in any way, it shows no credential.
 *
 * `http` and `https` proxies forward requests to `http` origins and make tunnels (CONNECT) to all others. `socks4` and `socks5` have names
 * resolved here, `socks4a` and `socks5h` by the proxy.
 *
 * @example
 * const proxy = new Proxy('https://proxy.example:8443', { auth: new DigestAuth('ada', password), tls: { ca } });
 * const client = new Client({ proxy });
 */
export class Proxy extends CoreProxy {
  /**
   * @param url such as `http://user:password@proxy.example:3128`, credentials percent-encoded; without a scheme it is `http`.
   * @throws {InvalidOption} an option is not known here.
   * @throws {LocalProtocolError} `INVALID_OPTION`: the URL is none, or an option is not usable. Its message shows no credential.
   */
  constructor(url: string | URL, options: ProxyOptions = {}) {
    super(url, coreOptions(options));
  }
}

function coreOptions(options: ProxyOptions): CoreProxyOptions {
  const { auth, headers, via, ...others } = ownOptions<ProxyOptions>(options, optionNames, 'proxy');
  return {
    ...others,
    auth: auth instanceof BasicAuth || auth instanceof DigestAuth ? auth.forProxy() : auth,
    authenticate: basicThenDigest,
    headers: headers === undefined ? undefined : readHeaderChanges(headers, 'proxy.headers').pairs,
    via: via === undefined ? undefined : readProxy(via, 'proxy.via'),
  };
}

/** @throws {InvalidOption} it is no proxy. */
export function readProxy(input: ProxyInput, option = 'proxy'): CoreProxy {
  if (input instanceof CoreProxy) return input;
  if (typeof input === 'string' || input instanceof URL) return new Proxy(input);
  throw new InvalidOption(option, 'must be the URL of a proxy, or a Proxy');
}
