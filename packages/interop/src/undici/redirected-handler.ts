/** `maxRedirections`, which each request of undici ≤ 6 may have; from 7 on it is refused there, and an interceptor does it. */
import type { Duplex } from 'node:stream';
import type { HeaderPair } from '../carrier/carrier.ts';
import { inBothGenerations } from './both-generations.ts';
import type { AnyUndiciHandler, LegacyUndiciHandler, RawHeaders } from './handlers.ts';
import { readHeaders, type UndiciDispatchOptions } from './request-head.ts';
import { undiciError } from './undici-errors.ts';

type Dispatch = (options: UndiciDispatchOptions, handler: object) => boolean;

const statuses = new Set([300, 301, 302, 303, 307, 308]);
const ofOneOrigin = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** How many redirects are to be followed: none, unless it is said. @throws an `InvalidArgumentError` of undici. */
export function redirectionsOf({ maxRedirections }: UndiciDispatchOptions): number {
  if (maxRedirections === undefined || maxRedirections === null) return 0;
  if (Number.isInteger(maxRedirections) && maxRedirections >= 0) return maxRedirections;
  throw undiciError('UND_ERR_INVALID_ARG', 'maxRedirections must be a positive number');
}

/** Stands before a handler, and shows it the last response alone. */
export class RedirectedHandler implements LegacyUndiciHandler {
  readonly #dispatch: Dispatch;
  readonly #handler: LegacyUndiciHandler;
  readonly #history: URL[] = [];
  #options: UndiciDispatchOptions;
  #left: number;
  #abort: (reason?: Error) => void = () => {};
  #next: UndiciDispatchOptions | undefined;

  constructor(dispatch: Dispatch, options: UndiciDispatchOptions, redirections: number, handler: AnyUndiciHandler) {
    this.#dispatch = dispatch;
    this.#handler = inBothGenerations(handler);
    this.#options = { ...options, maxRedirections: 0 };
    this.#left = redirections;
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort;
    this.#handler.onConnect?.(abort, { history: this.#history });
  }

  onUpgrade(status: number, headers: RawHeaders, socket: Duplex): unknown {
    return this.#handler.onUpgrade?.(status, headers, socket);
  }

  onHeaders(status: number, headers: RawHeaders, resume: () => void, reason: string): unknown {
    if (status < 200) return this.#handler.onHeaders?.(status, headers, resume, reason);
    const { path, origin, throwOnMaxRedirect } = this.#options;
    const url = new URL(path, origin);
    if (this.#left === 0 && throwOnMaxRedirect === true) {
      this.#abort(new Error('max redirects'));
      return true;
    }
    this.#history.push(url);
    this.#next = this.#left > 0 ? redirected(this.#options, url, status, headers) : undefined;
    return this.#next === undefined ? this.#handler.onHeaders?.(status, headers, resume, reason) : true;
  }

  onData(chunk: Buffer): unknown {
    return this.#next === undefined ? this.#handler.onData?.(chunk) : true;
  }

  onComplete(trailers: RawHeaders): void {
    const next = this.#next;
    if (next === undefined) return this.#handler.onComplete?.(trailers);
    this.#next = undefined;
    this.#left -= 1;
    this.#options = next;
    this.#dispatch(next, this);
    return undefined;
  }

  onError(error: Error): void {
    this.#handler.onError?.(error);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  get onBodySent(): ((chunk: Uint8Array) => void) | undefined {
    return this.#handler.onBodySent;
  }

  get onRequestSent(): (() => void) | undefined {
    return this.#handler.onRequestSent;
  }
}

/** As undici does it: 301 and 302 change no method. `undefined`: it leads nowhere, or the body can't be sent once more. */
function redirected(options: UndiciDispatchOptions, from: URL, status: number, headers: RawHeaders): UndiciDispatchOptions | undefined {
  const at = statuses.has(status) ? headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'location') : -1;
  const isGet = status === 303 && options.method !== 'HEAD';
  if (at === -1 || !(isGet || isReplayable(options.body))) return undefined;
  const to = new URL(headers[at + 1]!, from);
  const isForeign = to.origin !== from.origin;
  const stays = ([name]: HeaderPair): boolean => {
    const key = name.toLowerCase();
    return key !== 'host' && !(isGet && key.startsWith('content-')) && !(isForeign && ofOneOrigin.has(key));
  };
  return {
    ...options,
    ...(isGet ? { method: 'GET', body: null } : {}),
    origin: to.origin,
    path: `${to.pathname}${to.search}`,
    query: null,
    headers: readHeaders(options.headers).filter(stays),
  };
}

function isReplayable(body: unknown): boolean {
  if (body === null || body === undefined || typeof body !== 'object') return true;
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer || body instanceof Blob) return true;
  // There are processes without the platform's `fetch`.
  return typeof FormData === 'function' && body instanceof FormData;
}
