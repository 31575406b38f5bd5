/**
 * The response of a `fetch`: one of the platform's by its prototype, that becomes the platform's own object only for who asks for what needs it
 * (a stream, a copy, a form). Most read status, a field or two, and the whole body, and making streams and header lists for them costs more
 * than the request.
 */
import { ClientError } from '../errors.ts';
import { toOwnBytes } from '../response/own-bytes.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { isNullBody, platformHeaders, platformResponse, withoutFragment, type Asked } from './platform-response.ts';

type PlatformResponse = globalThis.Response;

/** Makes such responses. */
export type ResponseMaker = (response: StreamResponse, asked: Asked) => PlatformResponse;

/**
 * By a function, since loading the platform's classes takes time that only users of `fetch` should spend.
 * @throws {ClientError} `FETCH_UNAVAILABLE`: this process has none of them.
 */
export function responseMaker(): ResponseMaker {
  const platform = globalThis.Response;
  const missing = (['Response', 'Request', 'Headers', 'FormData'] as const).filter((name) => typeof globalThis[name] !== 'function');
  if (missing.length > 0) {
    throw new ClientError(
      `client.fetch needs what this process does not have: ${missing.join(', ')}. Start it without --no-experimental-fetch, use a test environment that keeps them, ` +
        'or call client.get(), client.request() or client.stream(), which need none of them',
      { code: 'FETCH_UNAVAILABLE' },
    );
  }

  class FetchResponse {
    readonly #response: StreamResponse;
    readonly #asked: Asked;
    readonly #hasBody: boolean;
    #isRead = false;
    #headers: globalThis.Headers | undefined = undefined;
    #real: PlatformResponse | undefined = undefined;

    constructor(response: StreamResponse, asked: Asked) {
      this.#response = response;
      this.#asked = asked;
      this.#hasBody = asked.method !== 'HEAD' && !isNullBody(response.status);
      if (!this.#hasBody) void response.close();
    }

    get status(): number {
      return this.#response.status;
    }
    get ok(): boolean {
      return this.#response.ok;
    }
    get statusText(): string {
      return this.#response.reason;
    }
    get url(): string {
      return withoutFragment(this.#response.url);
    }
    get redirected(): boolean {
      return this.#response.history.length > 0;
    }
    get type(): ResponseType {
      return 'basic';
    }
    get headers(): globalThis.Headers {
      return (this.#headers ??= platformHeaders(this.#response.rawHeaders));
    }
    get body(): PlatformResponse['body'] {
      return this.#hasBody ? this.#platform().body : null;
    }
    get bodyUsed(): boolean {
      return this.#isRead || this.#real?.bodyUsed === true;
    }

    async text(): Promise<string> {
      this.#refuseAborted();
      if (this.#real !== undefined) return this.#real.text();
      const bytes = await this.#whole();
      return utf8(bytes);
    }
    async json(): Promise<unknown> {
      this.#refuseAborted();
      if (this.#real !== undefined) return this.#real.json();
      return JSON.parse(utf8(await this.#whole())) as unknown;
    }
    async arrayBuffer(): Promise<ArrayBuffer> {
      this.#refuseAborted();
      if (this.#real !== undefined) return this.#real.arrayBuffer();
      return toOwnBytes(await this.#whole()).buffer;
    }
    async bytes(): Promise<Uint8Array> {
      this.#refuseAborted();
      if (this.#real !== undefined) return new Uint8Array(await this.#real.arrayBuffer());
      return toOwnBytes(await this.#whole());
    }
    async blob(): Promise<Blob> {
      this.#refuseAborted();
      return this.#platform().blob();
    }
    async formData(): Promise<FormData> {
      this.#refuseAborted();
      // oxlint-disable-next-line typescript/no-deprecated -- It is the platform's, with its faults.
      return this.#platform().formData();
    }
    clone(): PlatformResponse {
      return this.#platform().clone();
    }

    /** All that came may be here already: it is not for who has aborted. Looked at before anything is awaited, as the platform does. */
    #refuseAborted(): void {
      const { signal } = this.#asked;
      if (this.#hasBody && signal?.aborted === true) throw signal.reason as unknown;
    }

    /** @throws {TypeError} `terminated`, or the signal's reason. */
    async #whole(): Promise<Uint8Array> {
      if (this.#isRead) throw new TypeError('Body is unusable: Body has already been read');
      if (!this.#hasBody) return nothing;
      this.#isRead = true;
      try {
        return await this.#response.read();
      } catch (cause) {
        const { signal } = this.#asked;
        if (signal?.aborted === true) throw signal.reason as unknown;
        throw new TypeError('terminated', { cause });
      }
    }

    #platform(): PlatformResponse {
      if (this.#real === undefined) {
        this.#real = platformResponse(this.#response, this.#asked, this.headers, this.#isRead);
      }
      return this.#real;
    }
  }

  Object.setPrototypeOf(FetchResponse.prototype, platform.prototype);
  Object.defineProperty(FetchResponse.prototype, 'constructor', { value: platform, configurable: true, writable: true });
  for (const name of Object.getOwnPropertyNames(FetchResponse.prototype)) {
    const property = Object.getOwnPropertyDescriptor(FetchResponse.prototype, name)!;
    // As the platform's are, for who spreads or lists them.
    if (name !== 'constructor') Object.defineProperty(FetchResponse.prototype, name, { ...property, enumerable: true });
  }
  return (response, asked) => new FetchResponse(response, asked);
}

type ResponseType = PlatformResponse['type'];

const nothing = new Uint8Array();
const decoder = new TextDecoder();

/** As the platform reads text: UTF-8, whatever the type says, without its byte order mark. */
function utf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
