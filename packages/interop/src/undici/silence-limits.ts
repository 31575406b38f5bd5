/** `headersTimeout` and `bodyTimeout`, where a request has its own. Without them, the limits of who carries it hold. */
import { clearTimeout, setTimeout } from 'node:timers';
import type { UndiciDispatchOptions } from './request-head.ts';
import { undiciError } from './undici-errors.ts';

// Of undici, for the one that is not given.
const undiciDefault = 300_000;

export class SilenceLimits {
  /** Milliseconds; 0 is no limit. */
  readonly #headers: number;
  readonly #body: number;
  readonly #onPassed: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @throws an `InvalidArgumentError` of undici. */
  static of({ headersTimeout, bodyTimeout }: UndiciDispatchOptions, onPassed: (error: Error) => void): SilenceLimits | undefined {
    if ((headersTimeout ?? undefined) === undefined && (bodyTimeout ?? undefined) === undefined) return undefined;
    return new SilenceLimits(read('headersTimeout', headersTimeout), read('bodyTimeout', bodyTimeout), onPassed);
  }

  private constructor(headers: number, body: number, onPassed: (error: Error) => void) {
    this.#headers = headers;
    this.#body = body;
    this.#onPassed = onPassed;
  }

  /** What the carrier is told: it knows one limit, for the whole of the response. */
  get longest(): number | null {
    return this.#headers === 0 || this.#body === 0 ? null : Math.max(this.#headers, this.#body);
  }

  /** The answer is awaited from when all is sent; anew where it is sent again. */
  onStep(step: string, hasBody: boolean): void {
    if (step !== (hasBody ? 'body-sent' : 'head-sent')) return;
    this.end();
    this.#start(this.#headers, 'UND_ERR_HEADERS_TIMEOUT', 'headersTimeout');
  }

  onChunk(): void {
    this.end();
    this.#start(this.#body, 'UND_ERR_BODY_TIMEOUT', 'bodyTimeout');
  }

  /** Who does not read can't wait. */
  onPause(): void {
    this.end();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #start(limit: number, code: 'UND_ERR_HEADERS_TIMEOUT' | 'UND_ERR_BODY_TIMEOUT', option: string): void {
    if (limit === 0) return;
    this.#timer = setTimeout(() => {
      const awaited = option === 'headersTimeout' ? 'no response' : 'nothing more of the body';
      this.#onPassed(undiciError(code, `There was ${awaited} within ${limit} ms (option ${option})`));
    }, limit).unref();
  }
}

function read(option: string, value: number | null | undefined): number {
  if (value === undefined || value === null) return undiciDefault;
  if (!Number.isFinite(value) || value < 0) throw undiciError('UND_ERR_INVALID_ARG', `invalid ${option}`);
  return value;
}
