/** The order of a client's chain. */
import { hasCookies } from './cookies/request-cookies.ts';
import { authenticate } from './interceptors/auth.ts';
import { exchangeCookies } from './interceptors/cookies.ts';
import { decodeResponses } from './interceptors/decode.ts';
import { followRedirects, offerRedirects } from './interceptors/redirect.ts';
import { retryFailures, type RetryServices } from './interceptors/retry.ts';
import type { ClientSettings } from './options/client-settings.ts';
import { doesFollow } from './options/redirect-options.ts';
import { userLayer, type Layer } from './send/chain.ts';

/**
 * Outermost first. Redirect is outside retry, so that a failure on hop 3 never sends hop 1 again; cookies and credentials are
 * inside of both, so that each request gets those of where it goes. Cookies are inside of credentials, since a challenge may
 * set some; content codings are undone inside of whatever reads a response.
 */
export function chainLayers(settings: ClientSettings, services: RetryServices): Layer[] {
  const boundFields = boundFieldsOf(settings);
  return [
    ...settings.interceptors.map(userLayer),
    { isOn: ({ redirects }) => doesFollow(redirects), wrap: followRedirects(boundFields) },
    { isOn: ({ redirects }) => !doesFollow(redirects), wrap: offerRedirects(boundFields) },
    { isOn: ({ retries }) => retries !== null, wrap: retryFailures(services) },
    { isOn: ({ auth }) => auth.auth !== undefined, wrap: authenticate },
    { isOn: ({ cookies }) => hasCookies(cookies), wrap: exchangeCookies },
    { wrap: decodeResponses },
    ...settings.networkInterceptors.map(userLayer),
  ];
}

/** The names of the client's headers that belong to the origin of its `baseUrl`: a redirect takes them no further than a URL does. */
function boundFieldsOf({ base, homeHeaders, awayHeaders }: ClientSettings): ReadonlySet<string> {
  if (base === undefined) return new Set();
  const portable = new Set(awayHeaders.map(([name]) => name.toLowerCase()));
  return new Set(homeHeaders.map(([name]) => name.toLowerCase()).filter((name) => !portable.has(name)));
}
