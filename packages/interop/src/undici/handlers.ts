/**
 * The two generations of undici's handlers, and one shape over both.
 *
 * Up to undici 6 (Node 20 and 22) a handler is told by `onConnect`, `onHeaders`, `onData`, `onComplete` and `onError`, and pauses by what it
 * returns. From undici 7 on it is told by `onRequestStart` and `onResponse…`, each with a controller; 7 takes both, and 8 the new one only.
 */
import type { Duplex } from 'node:stream';
import type { HeaderPair } from '../carrier/carrier.ts';

/** Names and values in turn. Undici has Buffers here; whoever reads them takes text just as well. */
export type RawHeaders = string[];
/** By name in lower case; an array where a field comes several times. */
export type HeaderRecord = Record<string, string | string[]>;

/** What a handler of undici ≥ 7 steers its request with. */
export interface UndiciController {
  readonly aborted: boolean;
  readonly reason: Error | null;
  readonly paused: boolean;
  rawHeaders: RawHeaders | null;
  rawTrailers: RawHeaders | null;
  pause(): void;
  resume(): void;
  abort(reason?: Error): void;
}

interface CommonHandler {
  onResponseStarted?(): void;
  onBodySent?: ((chunk: Uint8Array) => void) | undefined;
  onRequestSent?: (() => void) | undefined;
}

/** A handler as undici ≥ 7 writes them. */
export interface UndiciHandler extends CommonHandler {
  onRequestStart(controller: UndiciController, context: object): void;
  onRequestUpgrade?(controller: UndiciController, status: number, headers: HeaderRecord, socket: Duplex): void;
  onResponseStart?(controller: UndiciController, status: number, headers: HeaderRecord, reason?: string): void;
  onResponseData?(controller: UndiciController, chunk: Buffer): void;
  onResponseEnd?(controller: UndiciController, trailers: HeaderRecord): void;
  onResponseError?(controller: UndiciController | null, error: Error): void;
}

/** A handler as undici ≤ 6 writes them. What returns false pauses. */
export interface LegacyUndiciHandler extends CommonHandler {
  onConnect?(abort: (reason?: Error) => void, context?: object): void;
  onUpgrade?(status: number, headers: RawHeaders, socket: Duplex): unknown;
  onHeaders?(status: number, headers: RawHeaders, resume: () => void, reason: string): unknown;
  onData?(chunk: Buffer): unknown;
  onComplete?(trailers: RawHeaders): void;
  onError?(error: Error): void;
}

export type AnyUndiciHandler = UndiciHandler | LegacyUndiciHandler;

/** The reins of one request, in whichever hands. */
export interface Reins {
  readonly isPaused: boolean;
  pause(): void;
  resume(): void;
  abort(reason?: unknown): void;
}

/** A handler of either generation. */
export interface Receiver {
  readonly generation: 'undici ≤ 6' | 'undici ≥ 7';
  started(): void;
  upgraded(status: number, headers: readonly HeaderPair[], socket: Duplex): void;
  head(status: number, reason: string, headers: readonly HeaderPair[]): void;
  data(chunk: Buffer): void;
  ended(trailers: readonly HeaderPair[]): void;
  failed(error: Error): void;
  readonly handler: CommonHandler;
}

/** `undefined`: it is a handler of no generation. */
export function receiverOf(handler: AnyUndiciHandler, reins: Reins): Receiver | undefined {
  if (isPresentHandler(handler)) return new PresentReceiver(handler, reins);
  if (isLegacyHandler(handler)) return new LegacyReceiver(handler, reins);
  return undefined;
}

export function isPresentHandler(handler: AnyUndiciHandler): handler is UndiciHandler {
  return 'onRequestStart' in handler && typeof handler.onRequestStart === 'function';
}

export function isLegacyHandler(handler: AnyUndiciHandler): handler is LegacyUndiciHandler {
  return 'onError' in handler && typeof handler.onError === 'function';
}

class PresentReceiver implements Receiver {
  readonly generation = 'undici ≥ 7';
  readonly handler: UndiciHandler;
  readonly #controller: Controller;

  constructor(handler: UndiciHandler, reins: Reins) {
    this.handler = handler;
    this.#controller = new Controller(reins);
  }

  started(): void {
    this.handler.onRequestStart(this.#controller, {});
  }

  upgraded(status: number, headers: readonly HeaderPair[], socket: Duplex): void {
    this.#controller.rawHeaders = flat(headers);
    this.handler.onRequestUpgrade?.(this.#controller, status, recordOf(headers), socket);
  }

  head(status: number, reason: string, headers: readonly HeaderPair[]): void {
    this.handler.onResponseStarted?.();
    this.#controller.rawHeaders = flat(headers);
    this.handler.onResponseStart?.(this.#controller, status, recordOf(headers), reason);
  }

  data(chunk: Buffer): void {
    this.handler.onResponseData?.(this.#controller, chunk);
  }

  ended(trailers: readonly HeaderPair[]): void {
    this.#controller.rawTrailers = flat(trailers);
    this.handler.onResponseEnd?.(this.#controller, recordOf(trailers));
  }

  failed(error: Error): void {
    this.#controller.aborts(error);
    this.handler.onResponseError?.(this.#controller, error);
  }
}

class Controller implements UndiciController {
  rawHeaders: RawHeaders | null = null;
  rawTrailers: RawHeaders | null = null;
  reason: Error | null = null;
  aborted = false;
  readonly #reins: Reins;

  constructor(reins: Reins) {
    this.#reins = reins;
  }

  get paused(): boolean {
    return this.#reins.isPaused;
  }

  pause(): void {
    this.#reins.pause();
  }

  resume(): void {
    this.#reins.resume();
  }

  abort(reason?: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason ?? null;
    this.#reins.abort(reason);
  }

  /** An abort that came some other way. */
  aborts(error: Error): void {
    if (this.aborted) this.reason ??= error;
  }
}

// What a handler keeps holds the reins alone: of a call that is over, they hold nothing.

function abortBy(reins: Reins): (reason?: Error) => void {
  return (reason) => reins.abort(reason);
}

function resumeBy(reins: Reins): () => void {
  return () => reins.resume();
}

class LegacyReceiver implements Receiver {
  readonly generation = 'undici ≤ 6';
  readonly handler: LegacyUndiciHandler;
  readonly #reins: Reins;

  constructor(handler: LegacyUndiciHandler, reins: Reins) {
    this.handler = handler;
    this.#reins = reins;
  }

  started(): void {
    this.handler.onConnect?.(abortBy(this.#reins), {});
  }

  upgraded(status: number, headers: readonly HeaderPair[], socket: Duplex): void {
    if (this.handler.onUpgrade === undefined) throw new TypeError('The handler takes no upgrade: it has no onUpgrade');
    this.handler.onUpgrade(status, flat(headers), socket);
  }

  head(status: number, reason: string, headers: readonly HeaderPair[]): void {
    this.handler.onResponseStarted?.();
    const goesOn = this.handler.onHeaders?.(status, flat(headers), resumeBy(this.#reins), reason);
    // After 1xx there is nothing to hold back yet, and some handlers say false to all of them.
    if (goesOn === false && status >= 200) this.#reins.pause();
  }

  data(chunk: Buffer): void {
    if (this.handler.onData?.(chunk) === false) this.#reins.pause();
  }

  ended(trailers: readonly HeaderPair[]): void {
    this.handler.onComplete?.(flat(trailers));
  }

  failed(error: Error): void {
    this.handler.onError?.(error);
  }
}

export function flat(headers: readonly HeaderPair[]): string[] {
  // Of the exact size: one that grows has room for seventeen.
  // oxlint-disable-next-line unicorn/no-new-array -- `Array.from` takes many times as long
  const raw = new Array<string>(headers.length * 2);
  for (let index = 0; index < headers.length; index++) {
    const pair = headers[index]!;
    raw[index * 2] = pair[0];
    raw[index * 2 + 1] = pair[1];
  }
  return raw;
}

export function recordOf(headers: readonly HeaderPair[]): HeaderRecord {
  const record: HeaderRecord = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (!(key in record)) {
      record[key] = value;
      continue;
    }
    // Also what is called like a property of every object is a field.
    const before = Object.hasOwn(record, key) ? record[key] : undefined;
    if (before === undefined) Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
    else if (typeof before === 'string') record[key] = [before, value];
    else before.push(value);
  }
  return record;
}
