/** What authentication is to a client: a conversation that yields requests and receives their responses. */
import type { Request } from '../request/request.ts';
import type { Response } from '../response/response.ts';
import type { AnyResponse } from '../response/any-response.ts';
import type { AuthFields } from './auth-fields.ts';

/** What `*authFlow` returns; `AuthFlow<Response>` where the flow has said `requiresResponseBody`. */
export type AuthFlow<Received extends AnyResponse = AnyResponse> = Generator<Request, void, Received>;
/** What `async *authFlow` returns. */
export type AsyncAuthFlow<Received extends AnyResponse = AnyResponse> = AsyncGenerator<Request, void, Received>;

/** What a flow may need to know beside the request. */
export interface AuthExchange {
  /** Whether it is the origin or a proxy that wants to know who we are, and the fields that say so. */
  readonly fields: AuthFields;
  /** The bytes of the request's body, for a flow with `requiresRequestBody`; none without a body. */
  readonly content: Uint8Array;
  /**
   * Sends a request beside the call, such as one for a token that other calls wait for, too: over the client's connections, mounts and proxies,
   * but past its interceptors, cookies, credentials, redirects and retries. The call's signal and deadline do not end it; it has 30 seconds of its own, and its
   * response at most 1 MiB. Absent where a flow is not run by a client.
   */
  readonly sendAside?: ((request: Request) => Promise<Response>) | undefined;
}

/**
 * A way to say who we are. Each request that a flow yields is sent; its response is what `yield` gives. When the flow ends, the
 * last response goes to the caller. A flow that has to wait for something is an `async *authFlow`.
 *
 * @example
 * class TokenAuth implements Auth {
 *   #token = '';
 *   async *authFlow(request: Request): AsyncAuthFlow {
 *     const response = yield request.with({ headers: { authorization: `Bearer ${this.#token}` } });
 *     if (response.status !== 401) return;
 *     this.#token = await refresh();
 *     yield request.with({ headers: { authorization: `Bearer ${this.#token}` } });
 *   }
 * }
 */
export interface Auth {
  /** The request's body is to be whole before the flow begins, as a signature needs it. A stream is then read into memory. */
  readonly requiresRequestBody?: boolean | undefined;
  /** Each response is to be read whole before the flow gets it, which is then a `Response`. */
  readonly requiresResponseBody?: boolean | undefined;
  /**
   * It goes by the URL of each request, as netrc does, and is asked for all of them: for those to another origin, too, such as a
   * redirect leads to. Without this, a flow is asked for requests to the origin that it was given for.
   */
  readonly everyOrigin?: boolean | undefined;
  /** @internal It has the password of a user whom the URL names without one. */
  readonly completesUser?: boolean | undefined;
  authFlow(request: Request, exchange: AuthExchange): AuthFlow | AsyncAuthFlow;
}

/** User and password for Basic, one of the ways, or a flow by itself. */
export type AuthInput = readonly [user: string, password: string] | Auth | Auth['authFlow'];
