import { carryBy, type CarriedBody, type ClientLike, type DispatcherLike, type HeaderPair, type UrlParts } from '../carrier/carrier.ts';
import { toConnectError } from './connect-errors.ts';

/** A request as Connect hands it to its HTTP client, whatever the protocol: Connect, gRPC, gRPC-web. */
export interface ConnectRequest {
  readonly url: string;
  readonly method: string;
  readonly header: Headers;
  readonly body?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** A response as Connect wants it of its transport. */
export interface ConnectResponse {
  readonly status: number;
  readonly header: Headers;
  readonly body: AsyncIterable<Uint8Array>;
  /** Complete when the body has ended. */
  readonly trailer: Headers;
}

/** The HTTP client of a transport of `@connectrpc/connect`: what it calls a universal client function. */
export type ConnectHttpClient = (request: ConnectRequest) => Promise<ConnectResponse>;

/**
 * The HTTP client for a transport of Connect, over a client or a dispatcher. Deadlines are Connect's, so no silence of a stream is too long here.
 *
 * @throws {TypeError} `carrier` is neither client nor dispatcher.
 */
export function connectHttpClient(carrier: ClientLike | DispatcherLike): ConnectHttpClient {
  const carry = carryBy(carrier);
  return async ({ url, method, header, body, signal }) => {
    const cancellation = signal ?? new AbortController().signal;
    try {
      const context = { signal: cancellation };
      const [, status, , fields, content] = await carry(method, partsOf(url), [...header], body ?? null, null, context);
      const trailer = new Headers();
      return { status, header: headersOf(fields), body: read(content, trailer, cancellation), trailer };
    } catch (error) {
      throw reasonOf(cancellation, error);
    }
  };
}

async function* read(body: CarriedBody, trailer: Headers, signal: AbortSignal): AsyncGenerator<Uint8Array, undefined> {
  try {
    yield* body;
  } catch (error) {
    throw reasonOf(signal, error);
  }
  for (const [name, value] of body.trailers ?? []) trailer.append(name, value);
}

/** Connect gives its reasons to the signal: a deadline, a cancelled call. */
function reasonOf(signal: AbortSignal, error: unknown): unknown {
  return signal.aborted ? signal.reason : toConnectError(error);
}

function partsOf(text: string): UrlParts {
  const { protocol, hostname, port, pathname, search } = new URL(text);
  return [protocol.slice(0, -1), hostname, port === '' ? null : Number(port), `${pathname}${search}`];
}

function headersOf(fields: readonly HeaderPair[]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.append(name, value);
  return headers;
}
