/**
 * A handler that those of either generation can speak to. Interceptors take the handlers of their own generation alone, and nobody can see of one which that
 * is: undici wraps handlers for its own interceptors when it composes them.
 */
import type { Duplex } from 'node:stream';
import {
  isLegacyHandler,
  isPresentHandler,
  type AnyUndiciHandler,
  type HeaderRecord,
  type LegacyUndiciHandler,
  type RawHeaders,
  type UndiciController,
  type UndiciHandler,
} from './handlers.ts';
import { LegacyHandler } from './legacy-handler.ts';

/** What is no handler stays so. */
export function inBothGenerations(handler: AnyUndiciHandler): AnyUndiciHandler {
  if (typeof handler !== 'object' || handler === null) return handler;
  if (isPresentHandler(handler)) return isLegacyHandler(handler) ? handler : new PresentHandler(handler);
  return isLegacyHandler(handler) ? new FormerHandler(handler) : handler;
}

/** One of undici ≥ 7. */
class PresentHandler extends LegacyHandler implements UndiciHandler {
  onRequestStart(controller: UndiciController, context: object): void {
    this.handler.onRequestStart(controller, context);
  }

  onRequestUpgrade(controller: UndiciController, status: number, headers: HeaderRecord, socket: Duplex): void {
    this.handler.onRequestUpgrade?.(controller, status, headers, socket);
  }

  onResponseStart(controller: UndiciController, status: number, headers: HeaderRecord, reason?: string): void {
    this.handler.onResponseStart?.(controller, status, headers, reason);
  }

  onResponseData(controller: UndiciController, chunk: Buffer): void {
    this.handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: UndiciController, trailers: HeaderRecord): void {
    this.handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: UndiciController | null, error: Error): void {
    this.handler.onResponseError?.(controller, error);
  }
}

/** One of undici ≤ 6. */
class FormerHandler implements UndiciHandler, LegacyUndiciHandler {
  readonly #handler: LegacyUndiciHandler;

  constructor(handler: LegacyUndiciHandler) {
    this.#handler = handler;
  }

  // As it is

  onConnect(abort: (reason?: Error) => void, context?: object): void {
    this.#handler.onConnect?.(abort, context);
  }

  onUpgrade(status: number, headers: RawHeaders, socket: Duplex): unknown {
    return this.#handler.onUpgrade?.(status, headers, socket);
  }

  onHeaders(status: number, headers: RawHeaders, resume: () => void, reason: string): unknown {
    return this.#handler.onHeaders?.(status, headers, resume, reason);
  }

  onData(chunk: Buffer): unknown {
    return this.#handler.onData?.(chunk);
  }

  onComplete(trailers: RawHeaders): void {
    this.#handler.onComplete?.(trailers);
  }

  onError(error: Error): void {
    this.#handler.onError?.(error);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  get onBodySent(): ((chunk: Uint8Array) => void) | undefined {
    const handler = this.#handler;
    return handler.onBodySent === undefined ? undefined : (chunk) => handler.onBodySent!(chunk);
  }

  get onRequestSent(): (() => void) | undefined {
    const handler = this.#handler;
    return handler.onRequestSent === undefined ? undefined : () => handler.onRequestSent!();
  }

  // As those of the present generation are told

  onRequestStart(controller: UndiciController, context: object): void {
    this.#handler.onConnect?.((reason) => controller.abort(reason), context);
  }

  onRequestUpgrade(_: UndiciController, status: number, headers: HeaderRecord, socket: Duplex): void {
    this.#handler.onUpgrade?.(status, rawOf(headers), socket);
  }

  onResponseStart(controller: UndiciController, status: number, headers: HeaderRecord, reason = ''): void {
    const goesOn = this.#handler.onHeaders?.(status, rawOf(headers), () => controller.resume(), reason);
    if (goesOn === false && status >= 200) controller.pause();
  }

  onResponseData(controller: UndiciController, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause();
  }

  onResponseEnd(_: UndiciController, trailers: HeaderRecord): void {
    this.#handler.onComplete?.(rawOf(trailers));
  }

  onResponseError(_: UndiciController | null, error: Error): void {
    this.#handler.onError?.(error);
  }
}

/** What an interceptor has made of the fields counts, and not what the controller has of the wire. */
function rawOf(headers: HeaderRecord): RawHeaders {
  const raw: RawHeaders = [];
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') raw.push(name, value);
    else for (const each of value) raw.push(name, each);
  }
  return raw;
}
