/** The order of a client's chain. */
import { hasCookies } from '../cookies/cookie-settings.ts';
import { authenticate } from '../auth/auth-interceptor.ts';
import { exchangeCookies } from '../cookies/cookie-interceptor.ts';
import { decodeResponses } from '../decoding/decoding-interceptor.ts';
import { followRedirects, offerRedirects } from '../redirects/redirect-interceptor.ts';
import { retryFailures, type RetryServices } from '../retries/retry-interceptor.ts';
import type { ClientSettings } from './client-settings.ts';
import { doesFollow } from '../redirects/redirect-settings.ts';
import { userLayer, type Layer } from '../call/chain.ts';

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
