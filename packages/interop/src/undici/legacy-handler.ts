/** A handler of undici ≥ 7 as one of undici ≤ 6, which every dispatcher that Node has had of its own takes. */
import type { Duplex } from 'node:stream';
import {
  isLegacyHandler,
  recordOf,
  type AnyUndiciHandler,
  type LegacyUndiciHandler,
  type RawHeaders,
  type UndiciController,
  type UndiciHandler,
} from './handlers.ts';

export function asLegacyHandler(handler: AnyUndiciHandler): LegacyUndiciHandler {
  return isLegacyHandler(handler) ? handler : new LegacyHandler(handler);
}

export class LegacyHandler implements LegacyUndiciHandler {
  protected readonly handler: UndiciHandler;
  #controller: ForwardingController | null = null;

  constructor(handler: UndiciHandler) {
    this.handler = handler;
  }

  onConnect(abort: (reason?: Error) => void, context?: object): void {
    this.#controller = new ForwardingController(abort);
    this.handler.onRequestStart(this.#controller, context ?? {});
  }

  onUpgrade(status: number, headers: RawHeaders, socket: Duplex): void {
    const [raw, record] = readRaw(headers);
    this.#controller!.rawHeaders = raw;
    this.handler.onRequestUpgrade?.(this.#controller!, status, record, socket);
  }

  onResponseStarted(): void {
    this.handler.onResponseStarted?.();
  }

  onHeaders(status: number, headers: RawHeaders, resume: () => void, reason: string): boolean {
    const controller = this.#controller!;
    const [raw, record] = readRaw(headers);
    controller.onResume = resume;
    controller.rawHeaders = raw;
    this.handler.onResponseStart?.(controller, status, record, reason);
    return !controller.paused;
  }

  onData(chunk: Buffer): boolean {
    this.handler.onResponseData?.(this.#controller!, chunk);
    return !this.#controller!.paused;
  }

  onComplete(trailers: RawHeaders): void {
    const [raw, record] = readRaw(trailers);
    this.#controller!.rawTrailers = raw;
    this.handler.onResponseEnd?.(this.#controller!, record);
  }

  onError(error: Error): void {
    this.handler.onResponseError?.(this.#controller, error);
  }

  /** Who asks whether it is there shall not watch a body for nobody. */
  get onBodySent(): ((chunk: Uint8Array) => void) | undefined {
    const { handler } = this;
    return handler.onBodySent === undefined ? undefined : (chunk) => handler.onBodySent!(chunk);
  }

  get onRequestSent(): (() => void) | undefined {
    const { handler } = this;
    return handler.onRequestSent === undefined ? undefined : () => handler.onRequestSent!();
  }
}

class ForwardingController implements UndiciController {
  rawHeaders: RawHeaders | null = null;
  rawTrailers: RawHeaders | null = null;
  reason: Error | null = null;
  aborted = false;
  paused = false;
  onResume: (() => void) | undefined;
  readonly #abort: (reason?: Error) => void;

  constructor(abort: (reason?: Error) => void) {
    this.#abort = abort;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.onResume?.();
  }

  abort(reason?: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason ?? null;
    this.#abort(reason);
  }
}

/** Undici's own are Buffers. */
function readRaw(headers: readonly (string | Uint8Array)[] | null): [raw: string[], record: Record<string, string | string[]>] {
  const raw = (headers ?? []).map((text) => (typeof text === 'string' ? text : Buffer.from(text).toString('latin1')));
  const pairs = raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
  return [raw, recordOf(pairs)];
}
