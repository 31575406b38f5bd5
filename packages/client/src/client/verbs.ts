/**
 * The verbs for those who need no client of their own: a script, a health check, a single request. They share one client with all
 * defaults. It keeps no cookies, since callers who do not know of each other would share them, and an idle connection of it keeps no
 * process alive. It is never closed.
 */
import { Client } from './client.ts';
import { refuseSurplus } from './surplus-argument.ts';
import type { Request } from '../request/request.ts';
import type { ResponsePromise } from '../response/response-promise.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { BodylessRequestOptions, CallOptions, RequestOptions } from './call-options.ts';

let client: Client | undefined;

function shared(): Client {
  return (client ??= new Client({ cookies: null }));
}

/**
 * As `new Client().get(url, options)`, over connections that all these functions share; so are the other verbs.
 * @example
 * import { get } from '@x/client';
 * const text = await get('https://example.com/').text();
 */
export function get(url: string | URL, options?: BodylessRequestOptions): ResponsePromise {
  return arguments.length > 2 ? refuseSurplus(options) : shared().get(url, options);
}
/** As {@link get}, with HEAD. */
export function head(url: string | URL, options?: BodylessRequestOptions): ResponsePromise {
  return arguments.length > 2 ? refuseSurplus(options) : shared().head(url, options);
}
/** As {@link get}, with OPTIONS. */
export function options(url: string | URL, options?: RequestOptions): ResponsePromise {
  return arguments.length > 2 ? refuseSurplus(options) : shared().options(url, options);
}
/** As {@link get}, with POST. */
export function post(url: string | URL, options?: RequestOptions): ResponsePromise {
  return arguments.length > 2 ? refuseSurplus(options) : shared().post(url, options);
}
/** As {@link get}, with PUT. */
export function put(url: string | URL, options?: RequestOptions): ResponsePromise {
  return arguments.length > 2 ? refuseSurplus(options) : shared().put(url, options);
}
/** As {@link get}, with PATCH. */
export function patch(url: string | URL, options?: RequestOptions): ResponsePromise {
  return arguments.length > 2 ? refuseSurplus(options) : shared().patch(url, options);
}
/** Exported as `delete`, which is no name for a function: `import { delete as remove } from '@x/client'`. */
export function remove(url: string | URL, options?: RequestOptions): ResponsePromise {
  return arguments.length > 2 ? refuseSurplus(options) : shared().delete(url, options);
}
/** RFC 10008. */
export function query(url: string | URL, options?: RequestOptions): ResponsePromise {
  return arguments.length > 2 ? refuseSurplus(options) : shared().query(url, options);
}
/** As {@link get}, with any method. */
export function request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
  return arguments.length > 3 ? refuseSurplus(options) : shared().request(method, url, options);
}

/**
 * As `new Client().stream(…)`.
 * @example
 * await using response = await stream('GET', 'https://example.com/large');
 * for await (const chunk of response) process.stdout.write(chunk);
 */
export function stream(method: string, url: string | URL, options?: RequestOptions): Promise<StreamResponse>;
export function stream(request: Request, options?: CallOptions): Promise<StreamResponse>;
export function stream(target: string | Request, ...rest: unknown[]): Promise<StreamResponse> {
  const client = shared();
  return (client.stream as (...given: unknown[]) => Promise<StreamResponse>).call(client, target, ...rest);
}
