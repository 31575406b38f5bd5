import type { Exchange } from '../exchange/exchange.ts';
import type { ApplicationRequest, ApplicationRequestBody } from './application.ts';

/** An abort signal that is made when it is asked for: most applications do not look at theirs. */
export class LazySignal {
  #controller: AbortController | null = null;
  #reason: unknown = undefined;

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** An exchange as its application sees it. */
export function applicationRequest(
  exchange: Exchange,
  body: ApplicationRequestBody,
  lazy: LazySignal,
  inform: ApplicationRequest['inform'],
): ApplicationRequest {
  const { origin, method, target, headers, timeouts, context = {} } = exchange;
  const isDefaultPort = origin.port === (origin.scheme === 'https' ? 443 : 80);
  return {
    method,
    url: [origin.scheme, origin.host, isDefaultPort ? null : origin.port, target],
    headers,
    body,
    timeouts,
    context,
    get signal() {
      return lazy.signal;
    },
    inform,
  };
}
