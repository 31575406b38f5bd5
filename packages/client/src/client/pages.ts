/** Lists that a server hands out page by page. */
import { ClientError, InvalidOption } from '../errors.ts';
import { count } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { shownUrl } from '../redact.ts';
import { Request } from '../request/request.ts';
import { networkElsewhere } from '../routing/call-network.ts';
import { sameOrigin } from '../request/url/same-origin.ts';
import type { Response } from '../response/response.ts';
import type { CallOptions } from './call-options.ts';

/** Where the next page is: a URL (relative to that of the page), a request, or `undefined` after the last. */
export type NextPage = string | URL | Request | undefined | null;

/** Where the next page is, and how many are read at most. */
export interface PageOptions {
  /** Finds the next page. Default: the `next` of the page's `Link` field (RFC 8288), `response.links.next`. */
  readonly next?: ((response: Response) => NextPage | Promise<NextPage>) | undefined;
  /** Pages after which it ends, whatever comes next. Default: none. */
  readonly maxPages?: number | null | undefined;
}

const names: OptionNames<PageOptions> = Object.freeze({ next: undefined, maxPages: undefined });

/** What walking through pages needs of a client. */
export interface PageSource {
  readonly send: (request: Request, options: CallOptions) => Promise<Response>;
  /** Those of every page. */
  readonly options: CallOptions;
}

/** @throws {InvalidOption} */
export function readPageOptions(options: PageOptions): PageOptions {
  const own = ownOptions(options, names, 'pages');
  if (own.next !== undefined && typeof own.next !== 'function') throw new InvalidOption('pages.next', 'must be a function');
  const { maxPages } = own;
  if (maxPages !== undefined && maxPages !== null && maxPages !== Infinity)
    count('pages.maxPages', maxPages, { least: 1, or: 'null for no limit' });
  return own;
}

export async function* pagesOf(
  first: Request,
  { send, options }: PageSource,
  pages: PageOptions,
): AsyncGenerator<Response, void, undefined> {
  const { next = linkedNext, maxPages } = pages;
  const limit = maxPages ?? Infinity;
  const visited = new Set<string>();
  let request = first;
  for (let page = 1; ; page++) {
    visited.add(keyOf(request));
    // What says who we are was given for where the list begins.
    const isHome = sameOrigin(request.urlParts, first.urlParts);
    const response = (
      await send(request, isHome ? options : { ...options, auth: null, network: networkElsewhere(options.network) })
    ).raiseForStatus();
    yield response;
    if (page >= limit) return;
    const found = await next(response);
    if (found === undefined || found === null) return;
    request = found instanceof Request ? found : nextRequest(request, response, found);
    if (visited.has(keyOf(request))) {
      throw new ClientError(`The page after ${shownUrl(response.url)} is ${shownUrl(request.url)}, which was there before`, {
        code: 'PAGE_REPEATED',
      });
    }
  }
}

function linkedNext(response: Response): string | undefined {
  return response.links['next']?.url;
}

/** `with()` leaves behind what is bound to another origin. A body says where one is, too: it goes on to be told apart. */
function nextRequest(request: Request, response: Response, found: string | URL): Request {
  const base = new URL(response.url);
  return request.with({ url: new URL(found, base).href, params: null });
}

function keyOf(request: Request): string {
  return `${request.method} ${request.url}`;
}
