/** Sends the cookies that belong to a request, and keeps those that its response sets. */
import type { HeaderPair, UrlParts } from '@x/httpcore';

import { givenFor, joinCookies, type CookieSettings } from './cookie-settings.ts';
import type { Request } from '../request/request.ts';
import type { Passage } from '../call/passage.ts';
import type { CallContext } from '../call/context.ts';

/**
 * For each request that is really sent, so on every hop and every answer to a challenge, and whatever the status. The jar
 * decides where its cookies go; those that the caller gave go to the origin that they were given for.
 */
export function exchangeCookies(settingsOf: (context: CallContext) => CookieSettings): Passage {
  return {
    out: (request, context) => withCookies(request, context.request.urlParts, settingsOf(context)),
    back: (response, _request, context) => {
      // By whom it was answered, not by whom it was asked: an interceptor below may have turned it elsewhere.
      // A cookie that is stored with a response was set when that came, and may have changed since.
      keepCookies(response.receivedHeaders, response.request.urlParts, settingsOf(context));
      return response;
    },
  };
}

/** The request itself when there is nothing to add, which is the way of most requests. `first` is where its call began. */
export function withCookies(request: Request, first: UrlParts, cookies: CookieSettings): Request {
  const stored = cookies.jar?.isEmpty === false ? cookies.jar.matching(request.urlParts) : [];
  const given = givenFor(cookies, request.urlParts, first);
  if (stored.length === 0 && given.size === 0) return request;
  return request.with({ headers: { cookie: joinCookies(stored, request.rawHeaders, given) ?? null } });
}

/** Those that an answer of this server sets. */
export function keepCookies(received: readonly HeaderPair[], server: UrlParts, { jar }: CookieSettings): void {
  if (jar !== undefined && setsCookies(received)) jar.receive(received, server);
}

function setsCookies(headers: readonly HeaderPair[]): boolean {
  for (const [name] of headers) {
    if (name.length === 10 && name.toLowerCase() === 'set-cookie') return true;
  }
  return false;
}
