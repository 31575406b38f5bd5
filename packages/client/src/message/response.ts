import type { HeaderPair } from '@x/httpcore';

import { Headers } from './headers.ts';
import { parseJson } from './json.ts';
import { ResponseHead } from './response-head.ts';
import { charsetOf, decodeText } from './text.ts';

const none: readonly HeaderPair[] = Object.freeze([]);

/**
 * A response with its whole body. Nothing of it is left on the network, so its methods need no `await` (and tolerate one).
 *
 * @example
 * const response = await client.get('https://example.com/user');
 * const user = response.raiseForStatus().json<{ name: string }>();
 */
export class Response extends ResponseHead {
  readonly #content: Uint8Array;
  readonly #trailers: readonly HeaderPair[];

  /** @internal */
  constructor(head: ResponseHead, content: Uint8Array, trailers: readonly HeaderPair[] | undefined) {
    super(head.request, head.status, head.reason, head.httpVersion, head.rawHeaders, head.attempt, head.call);
    this.trail = head.trail;
    this.#content = content;
    this.#trailers = trailers ?? none;
  }

  /** The body itself, not a copy. */
  override bytes(): Uint8Array {
    return this.#content;
  }

  /** The body as text: by its byte order mark, else by the charset of `Content-Type`, else as UTF-8. Invalid bytes become U+FFFD. */
  override text(): string {
    return decodeText(this.#content, charsetOf(this.contentType));
  }

  /**
   * The body parsed as JSON. The type is the caller's word; nothing checks it.
   * @throws {DecodingError} `INVALID_JSON`.
   */
  override json<T = unknown>(): T {
    return parseJson(this.text()) as T;
  }

  override get trailers(): Headers {
    return Headers.view(this.#trailers);
  }
}
