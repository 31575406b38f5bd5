/**
 * Where a redirect leads, and with what request (RFC 9110 §15.4). Pure: a request and its response go in, a request comes out.
 *
 * Methods are rewritten as the Fetch Standard does and every browser: 301 and 302 turn POST into GET, 303 turns everything but
 * HEAD into GET, 307 and 308 change nothing. What belongs to one origin stays there (request/fields/origin-fields.ts says what): on any
 * change of scheme, host or port it is left behind, each duplicate of it (clients have forgotten the second `Authorization`,
 * `Proxy-Authorization`, `Cookie`, or the change of port, and leaked them).
 */
import { BodyNotReplayable } from '../errors.ts';
import { withoutContent } from '../request/fields/content-fields.ts';
import { fieldsTowards } from '../request/fields/origin-fields.ts';
import { MessageParts } from '../request/assemble.ts';
import { shownUrl } from '../redact.ts';
import { Request } from '../request/request.ts';
import type { AnyResponse } from '../response/any-response.ts';
import { parseTarget, type Target } from '../request/url/target.ts';
import { parseUrl } from '../request/url/url.ts';
import { RedirectError } from './redirect-errors.ts';

// RFC 9110 §15.4: 300 leaves the choice to the user, 304 is about a cache, 305 and 306 are deprecated.
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/**
 * The request that `response` to `request` leads to; `undefined` when it leads nowhere.
 *
 * @throws {RedirectError} it leads to where nobody should follow.
 */
export function redirectedRequest(request: Request, response: AnyResponse, allowDowngrade: boolean): Request | undefined {
  const { status } = response;
  if (!redirectStatuses.has(status)) return undefined;
  const location = locationOf(response);
  if (location === undefined) return undefined;
  const target = resolveTarget(location, request, response, allowDowngrade);

  const method = redirectedMethod(status, request.method);
  // Fields of a GET without a body are its own: the Fetch Standard leaves them (§4.4, HTTP-redirect fetch, step 12).
  const leavesBody = method !== request.method || (status === 303 && request.body !== null);
  const { bound, urlParts, rawHeaders } = request;
  const pairs = fieldsTowards(target, { from: urlParts, pairs: leavesBody ? withoutContent(rawHeaders) : rawHeaders, bound });
  const [body, trailers] = leavesBody ? [null, undefined] : [request.body, request.trailers];
  return new Request(method, new MessageParts(target, pairs, body, trailers, bound));
}

/** @throws {BodyNotReplayable} `onward`, to which `request` was redirected, would have to send its body again, and can't. */
export function assertReplayable(request: Request, status: number, onward: Request): void {
  if (onward.body === null || onward.body.replayable) return;
  const begun = `${request.method} ${shownUrl(request.url)}`;
  throw new BodyNotReplayable(
    `${begun} was redirected (${status}) to ${shownUrl(onward.url)}, which asks for its body again; that was read from a stream and ` +
      'sent. Give a function that makes a new stream, or the URL that it leads to',
  );
}

function redirectedMethod(status: number, method: string): string {
  const becomesGet = status === 303 ? method !== 'HEAD' : (status === 301 || status === 302) && method === 'POST';
  return becomesGet ? 'GET' : method;
}

/** `undefined` without one, and for an empty one, which curl and the browsers do not follow either. */
function locationOf(response: AnyResponse): string | undefined {
  const [location, ...others] = response.headers.getAll('location');
  if (others.some((other) => other !== location)) {
    throw new RedirectError(`${response.status} has several different Location fields`, response, { code: 'INVALID_LOCATION' });
  }
  return location === '' ? undefined : location;
}

function resolveTarget(location: string, request: Request, response: AnyResponse, allowDowngrade: boolean): Target {
  const refuse = (code: string, problem: string): RedirectError => {
    const from = `${request.method} ${shownUrl(request.url)}`;
    return new RedirectError(`${from} was redirected (${response.status}) ${problem}`, response, { code });
  };
  const text = asBytes(location);
  const url = parseUrl(text, request.url);
  if (url === undefined) {
    throw refuse('INVALID_LOCATION', `to what is no URL: ${JSON.stringify(shownUrl(location).slice(0, 200))}`);
  }
  const shown = shownUrl(url.href);
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || isSocketPath(url)) {
    throw refuse('UNSUPPORTED_REDIRECT', `to ${shown}, which is not followed: only http and https are`);
  }
  if (url.protocol === 'http:' && request.urlParts[0] === 'https' && !allowDowngrade) {
    throw refuse('INSECURE_REDIRECT', `to ${shown}, which is not followed: it leads from https to http (allowDowngrade permits that)`);
  }
  // RFC 9110 §10.2.2: "inherits the fragment" unless the Location has one, and "#" is one.
  if (!text.includes('#')) url.hash = new URL(request.url).hash;
  if (url.origin !== new URL(request.url).origin) {
    // Credentials that the redirecting server chose are not for another one to get.
    url.username = '';
    url.password = '';
  }
  return parseTarget(url.href);
}

/** `http://unix:/run/some.sock:/path`, which some clients take for a socket on this machine (CVE-2022-33987). */
function isSocketPath(url: URL): boolean {
  return url.hostname === 'unix' && url.pathname.includes(':');
}

// Header values are bytes as Latin-1, and a URL that has them means them as they are (UTF-8, as a rule), not those characters in UTF-8.
function asBytes(location: string): string {
  return location.replace(/[\x80-\xff]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
