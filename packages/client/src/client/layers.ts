/** The order of a client's chain. */
import { hasCookies } from '../cookies/cookie-settings.ts';
import { authenticate } from '../auth/auth-interceptor.ts';
import type { AuthExchange } from '../auth/auth.ts';
import { exchangeCookies } from '../cookies/cookie-interceptor.ts';
import { decodeResponses } from '../decoding/decoding-interceptor.ts';
import { followRedirects, offerRedirects } from '../redirects/redirect-interceptor.ts';
import { retryFailures } from '../retries/retry-interceptor.ts';
import type { RetryServices } from '../retries/retry-run.ts';
import type { ClientSettings } from './client-settings.ts';
import { doesFollow } from '../redirects/redirect-settings.ts';
import type { CallContext } from '../call/context.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { settingsOf, type CallSettings } from './call-settings.ts';
import { watchDownloads } from '../call/download-watch.ts';
import { markResources } from '../telemetry/resource-timings.ts';
import { watchCalls } from '../telemetry/telemetry-interceptor.ts';
import { userLayer, type Layer } from '../call/chain.ts';

/**
 * Outermost first. Redirect is outside retry, so that a failure on hop 3 never sends hop 1 again; cookies and credentials are
 * inside of both, so that each request gets those of where it goes. Cookies are inside of credentials, since a challenge may
 * set some; content codings are undone inside of whatever reads a response.
 */
export function chainLayers(
  settings: ClientSettings,
  services: RetryServices,
  sendAside: AuthExchange['sendAside'],
): Layer<CallSettings>[] {
  return [
    { isOn: ({ watching }) => watching.telemetry !== null, wrap: watchCalls((context) => settingsOf(context).watching) },
    { isOn: ({ watching }) => watching.resourceTimings, wrap: markResources },
    ...settings.interceptors.map(userLayer),
    { isOn: ({ redirects }) => doesFollow(redirects), passage: followRedirects((context) => settingsOf(context).redirects) },
    { isOn: ({ redirects }) => !doesFollow(redirects), passage: offerRedirects((context) => settingsOf(context).redirects) },
    {
      isOn: ({ retries }) => retries !== null,
      wrap: retryFailures(services, {
        settingsOf: (context) => settingsOf(context).retries,
        leadsOn,
        hookOf: (context) => settingsOf(context).onRetry,
      }),
    },
    { isOn: ({ auth }) => auth.auth !== undefined, wrap: authenticate((context) => settingsOf(context).auth, sendAside) },
    { isOn: ({ cookies }) => hasCookies(cookies), passage: exchangeCookies((context) => settingsOf(context).cookies) },
    {
      isOn: ({ onDownloadProgress }) => onDownloadProgress !== undefined,
      passage: watchDownloads((context) => settingsOf(context).onDownloadProgress),
    },
    { passage: decodeResponses((context) => settingsOf(context).reading) },
    ...settings.networkInterceptors.map(userLayer),
  ];
}

/** A redirect that is followed: nobody reads its body. */
function leadsOn({ status }: StreamResponse, context: CallContext): boolean {
  return status >= 300 && status <= 399 && doesFollow(settingsOf(context).redirects);
}
