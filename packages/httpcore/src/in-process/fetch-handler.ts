import type { Exchange } from '../exchange/exchange.ts';
import type { Dispatcher } from '../contract/dispatcher.ts';
import type { ByteIterable, HeaderPair, UrlParts } from '../contract/values.ts';
import { LocalProtocolError } from '../contract/errors.ts';
import { parseUrl } from '../model/url.ts';
import type { ApplicationBody, ApplicationRequest, ApplicationRequestBody } from './application.ts';
import { ApplicationDialer } from './application-dialer.ts';
import { InProcessDispatcher, type InProcessOptions } from './in-process-dispatcher.ts';
import { invalid, outgoingResponse, type OutgoingResponse } from './outgoing-response.ts';

/** An application as the web platform writes it: Hono's or Elysia's `app.fetch`, a Remix request handler, a service worker's. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/**
 * Runs a `(Request) => Response` application in this process, without a socket. Bodies stream both ways, each pulled as the
 * other side reads it; `request.signal` aborts when the caller gives the exchange up.
 *
 * `Request` and `Response` say less than HTTP does, so:
 * - Names of fields are in lower case and sorted; duplicates are joined, but for `Set-Cookie`.
 * - `Host`, and `Content-Length` where it is known, are added to the request as a server would show them; transfer codings are not.
 * - There are no trailers and no informational responses; request trailers are dropped.
 * - `CONNECT`, `TRACE`, a body with `GET` or `HEAD`, and the targets `*` and `host:port` are refused with `LocalProtocolError`.
 *
 * What the handler throws fails the exchange with `ReadError`, code `HANDLER_FAILED`, with that as its `cause`; what is no
 * response, with `RemoteProtocolError`.
 *
 * @throws {LocalProtocolError} `INVALID_OPTION`.
 * @example
 * const app = new Hono().get('/hello', (context) => context.text('hi'));
 * const dispatcher = fetchHandlerDispatcher(app.fetch);
 * const [, status] = await dispatcher.dispatch('GET', ['http', 'app.test', null, '/hello'], [], null);
 */
export function fetchHandlerDispatcher(handler: FetchHandler, options: InProcessOptions = {}): Dispatcher {
  return new InProcessDispatcher(
    options,
    (_, clock) => new ApplicationDialer(async (request, exchange) => outgoing(await handler(fetchRequest(request, exchange))), clock),
    checkRepresentable,
  );
}

// What `Request` refuses to be made of.
const forbiddenMethods = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** @throws {LocalProtocolError} `INVALID_METHOD`, `INVALID_TARGET` or `INVALID_BODY`. */
function checkRepresentable(method: string, url: UrlParts, body: ByteIterable | null): void {
  const upper = String(method).toUpperCase();
  if (forbiddenMethods.has(upper)) throw unrepresentable('INVALID_METHOD', `the method ${upper}`);
  if ((upper === 'GET' || upper === 'HEAD') && mayHaveContent(body)) throw unrepresentable('INVALID_BODY', `a body with ${upper}`);
  const target = String(url[3]);
  if (!target.startsWith('/') && !isPlainUrl(target)) throw unrepresentable('INVALID_TARGET', 'this form of the request target');
}

function mayHaveContent(body: ByteIterable | null): boolean {
  return Array.isArray(body) ? (body as readonly Uint8Array[]).some((chunk) => chunk.length > 0) : body !== null;
}

function isPlainUrl(target: string): boolean {
  const url = /^https?:\/\//i.test(target) ? parseUrl(target) : undefined;
  return url !== undefined && url.username === '' && url.password === '';
}

function unrepresentable(code: string, what: string): LocalProtocolError {
  return new LocalProtocolError(`A fetch handler can't be given ${what}`, { code, phase: 'request' });
}

function fetchRequest(request: ApplicationRequest, exchange: Exchange): Request {
  const { method, body, signal } = request;
  const { length } = exchange.framing;
  const hasBody = length !== 0;
  const headers = new Headers(request.headers as [string, string][]);
  if (!headers.has('host')) headers.set('host', exchange.origin.authority);
  if (hasBody && length !== null) headers.set('content-length', String(length));
  const made = new Request(
    requestUrl(request.url, headers.get('host')!, exchange.origin.authority),
    hasBody ? { method, headers, signal, body: streamOf(body), duplex: 'half' } : { method, headers, signal },
  );
  keptWith.set(signal, made);
  return made;
}

/**
 * A request's own signal follows ours only while the request is there, and a handler may have kept nothing but the signal: the collector would
 * leave it waiting for an abort that never comes.
 */
const keptWith = new WeakMap<AbortSignal, Request>();

/** RFC 9112 §3.3: an absolute target says all of it; else `Host` says the authority. */
function requestUrl([scheme, , , target]: UrlParts, host: string, authority: string): string {
  if (!target.startsWith('/')) return target;
  const url = `${scheme}://${host}${target}`;
  return parseUrl(url) !== undefined && !host.includes('@') ? url : `${scheme}://${authority}${target}`;
}

function streamOf(body: ApplicationRequestBody): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    // Nothing is asked for before the handler reads.
    { highWaterMark: 0 },
  );
}

/** Looks at what it needs and not at the class: a framework may bring a `Response` of its own. */
function outgoing(response: Response): OutgoingResponse {
  if (typeof response !== 'object' || response === null || typeof response.headers?.[Symbol.iterator] !== 'function') {
    throw invalid('The handler did not return a Response');
  }
  if (response.bodyUsed) throw invalid('The body of the Response has been read before');
  const headers: HeaderPair[] = [...response.headers];
  return outgoingResponse({ status: response.status, reason: response.statusText, headers, body: response.body as ApplicationBody });
}
