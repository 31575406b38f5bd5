import type { HeaderPair } from '@x/httpcore';

import { Headers } from '../request/fields/headers.ts';
import { parseJson, parseJsonLines } from './json.ts';
import { AnyResponse } from './any-response.ts';
import { toOwnBytes, type OwnBytes } from './own-bytes.ts';
import { showAsJson } from '../shown-as-json.ts';
import { matching, type StandardSchema } from './schema.ts';
import { charsetOf, decodeText } from './text.ts';

const none: readonly HeaderPair[] = Object.freeze([]);

/**
 * A response with its whole body. Nothing of it is left on the network, so its methods need no `await` (and tolerate one).
 *
 * @example
 * const response = await client.get('https://example.com/user');
 * const user = response.raiseForStatus().json<{ name: string }>();
 */
export class Response extends AnyResponse {
  static {
    showAsJson(this.prototype, 'Response');
  }

  #content: Uint8Array;
  /** The same once somebody has asked for it: text and JSON need no memory of their own. */
  #own: OwnBytes | undefined = undefined;
  readonly #trailers: readonly HeaderPair[];

  /** @internal */
  constructor(head: AnyResponse, content: Uint8Array, trailers: readonly HeaderPair[] | undefined) {
    super(head.request, head.status, head.reason, head.httpVersion, head.rawHeaders, head.attempt, head.call);
    this.trail = head.trail;
    this.#content = content;
    this.#trailers = trailers ?? none;
  }

  /** The body itself, not a copy: a plain `Uint8Array` on memory of its own. */
  override bytes(): OwnBytes {
    return (this.#own ??= this.#content = toOwnBytes(this.#content));
  }

  /** The body, of the type that `Content-Type` says. */
  override blob(): Blob {
    return new Blob([this.bytes()], { type: this.contentType ?? '' });
  }

  /**
   * The body as text: by its byte order mark, else by `charset`, else by that of `Content-Type`, else as UTF-8. Invalid bytes
   * become U+FFFD.
   */
  override text(charset?: string): string {
    return decodeText(this.#content, charset?.toLowerCase() ?? charsetOf(this.contentType));
  }

  /**
   * The body parsed as JSON. With a schema (Zod, Valibot, ArkType: any Standard Schema) it is checked, and becomes what the schema
   * makes of it; that takes a promise, since a schema may. Without, the type is the caller's word.
   *
   * @throws {DecodingError} `INVALID_JSON`.
   * @throws {SchemaMismatch} the schema says no.
   * @example
   * const User = z.object({ name: z.string() });
   * const user = await response.json(User);
   */
  override json<T = unknown>(): T;
  override json<Output>(schema: StandardSchema<Output>): Promise<Output>;
  override json(schema?: StandardSchema): unknown {
    return schema === undefined ? parseJson(this.#content, this) : this.#matching(schema);
  }

  async #matching(schema: StandardSchema): Promise<unknown> {
    // Not without `await`: the stack of an error would not lead to the caller.
    return await matching(parseJson(this.#content, this), schema, this.request);
  }

  /**
   * The documents of a body that has one on each line (NDJSON, JSON Lines), each as {@link json} reads it.
   * @throws {DecodingError} `INVALID_JSON`.
   * @example
   * const users = (await client.get('/users.ndjson')).jsonLines<User>();
   */
  override jsonLines<T = unknown>(): T[] {
    return parseJsonLines(this.#content, this) as T[];
  }

  /** @internal */
  override get inMemory(): OwnBytes {
    return this.bytes();
  }

  override get trailers(): Headers {
    return Headers.view(this.#trailers);
  }
}
