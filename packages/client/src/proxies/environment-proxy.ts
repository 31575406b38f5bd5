/** What the environment says of the way to a URL, for those who explain it: the variables are read as `trustEnv` reads them. */
import { parseTarget } from '../request/url/target.ts';
import { shownUrl } from '../redact.ts';
import { readProxyEnvironment } from './environment.ts';

/** How a URL is reached by what the environment says. */
export interface EnvironmentProxy {
  /** `scheme://host[:port]`, without credentials; `undefined`: directly. */
  readonly proxy: string | undefined;
  /** The variable that decided it, such as `https_proxy` or `no_proxy`; `undefined` when none says anything. */
  readonly variable: string | undefined;
}

/**
 * Which proxy the environment names for a URL, and which variable says so: the answer to "why does this go through a proxy?". It asks nobody, and does
 * not look at what a client was told.
 *
 * @param url Absolute.
 * @param environment Default `process.env`.
 * @throws {InvalidOption} it is no absolute URL (`INVALID_URL`), or the variable can not be understood (`INVALID_PROXY_VARIABLE`).
 * @throws {UnsupportedProtocol} it is neither http nor https.
 * @example
 * const { proxy, variable } = environmentProxy('https://example.com/', { https_proxy: 'http://proxy.local:3128' });
 * console.log(proxy, variable); // http://proxy.local:3128 https_proxy
 */
export function environmentProxy(
  url: string | URL,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): EnvironmentProxy {
  const { parts } = parseTarget(String(url));
  const named = readProxyEnvironment(environment, 'fail', ignored).proxyFor(parts);
  if (named !== undefined) return { proxy: shownUrl(named.url), variable: named.variable };
  const { no_proxy: lower, NO_PROXY: upper, ...others } = environment;
  const excepted = readProxyEnvironment(others, 'direct', ignored).proxyFor(parts);
  if (excepted === undefined) return { proxy: undefined, variable: undefined };
  return { proxy: undefined, variable: lower === undefined && upper !== undefined ? 'NO_PROXY' : 'no_proxy' };
}

/** What a client warns of is no answer to the question. */
function ignored(): void {}
