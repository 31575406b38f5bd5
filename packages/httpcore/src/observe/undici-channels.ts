/**
 * The `node:diagnostics_channel`s of undici, for those who know how to listen to them: instrumentations of OpenTelemetry and of vendors. The
 * messages have the shapes that undici's documentation gives them, as far as there is something here for each part.
 *
 * `undici:request:create` comes before anything is sent, in the async context of the call; fields that its subscribers add are sent.
 */
import { channel } from 'node:diagnostics_channel';
import { isNamed } from '../contract/thrown.ts';

import type { HttpCoreError } from '../contract/errors.ts';
import type { ConnectionInfo, ConnectionObserver, TraceEventName, TraceEvents } from '../contract/trace.ts';
import type { HeaderPair } from '../contract/values.ts';
import type { MessageWatcher } from './message-watcher.ts';

const created = channel('undici:request:create');
const bodySent = channel('undici:request:bodySent');
const headersReceived = channel('undici:request:headers');
const trailersReceived = channel('undici:request:trailers');
const failed = channel('undici:request:error');
const headersSent = channel('undici:client:sendHeaders');
const beforeConnect = channel('undici:client:beforeConnect');
const connected = channel('undici:client:connected');
const connectError = channel('undici:client:connectError');
const ofRequests = [created, bodySent, headersReceived, trailersReceived, failed, headersSent];

/** A request as undici's subscribers know it. */
export class UndiciRequest {
  readonly method: string;
  /** `scheme://host:port`, the port only where it is not the scheme's own. */
  readonly origin: string;
  readonly path: string;
  /** Names and values in turn. What subscribers do to it is sent. */
  headers: (string | string[])[];
  readonly body: object | null;
  readonly idempotent: boolean;
  readonly upgrade: string | null = null;
  readonly host: string | null = null;
  completed = false;
  aborted = false;

  constructor(method: string, origin: string, path: string, headers: readonly HeaderPair[], body: object | null) {
    this.method = method;
    this.origin = origin;
    this.path = path;
    this.headers = headers.flat();
    this.body = body;
    this.idempotent = method === 'GET' || method === 'HEAD';
  }

  addHeader(name: string, value: string): this {
    this.headers.push(name, value);
    return this;
  }
}

/** What is told of one request. */
export class PublishedRequest implements MessageWatcher {
  readonly #request: UndiciRequest;
  #connection: ConnectionInfo | undefined = undefined;

  /** `null` when nobody listens. */
  static create(
    method: string,
    origin: string,
    path: string,
    headers: readonly HeaderPair[],
    body: object | null,
  ): PublishedRequest | null {
    if (!ofRequests.some(({ hasSubscribers }) => hasSubscribers)) return null;
    return new PublishedRequest(new UndiciRequest(method, origin, path, headers, body));
  }

  private constructor(request: UndiciRequest) {
    this.#request = request;
    created.publish({ request });
  }

  /** With what subscribers have added and changed. */
  fields(): readonly HeaderPair[] {
    const { headers } = this.#request;
    const fields: HeaderPair[] = [];
    for (let index = 0; index + 1 < headers.length; index += 2) {
      for (const value of [headers[index + 1]!].flat()) fields.push([String(headers[index]), value]);
    }
    return fields;
  }

  readonly trace = <Name extends TraceEventName>(name: Name, _at: number, detail: TraceEvents[Name]): void => {
    const request = this.#request;
    if (name === 'assigned') this.#connection = (detail as TraceEvents['assigned']).connection;
    else if (name === 'head-sent') this.#sent();
    else if (name === 'body-sent') bodySent.publish({ request });
    else if (name === 'failed') this.fail((detail as TraceEvents['failed']).error);
  };

  onHead(statusCode: number, statusText: string, headers: readonly HeaderPair[]): void {
    if (!headersReceived.hasSubscribers) return;
    headersReceived.publish({ request: this.#request, response: { statusCode, headers: flatBuffers(headers), statusText } });
  }

  onEnd(trailers: readonly HeaderPair[]): void {
    this.#request.completed = true;
    if (trailersReceived.hasSubscribers) trailersReceived.publish({ request: this.#request, trailers: flatBuffers(trailers) });
  }

  fail(error: unknown): void {
    this.#request.aborted = true;
    failed.publish({ request: this.#request, error: asUndici(error) });
  }

  #sent(): void {
    const request = this.#request;
    if (headersSent.hasSubscribers) {
      const lines = this.fields().map(([name, value]) => `${name}: ${value}\r\n`);
      headersSent.publish({
        request,
        headers: `${request.method} ${request.path} HTTP/1.1\r\n${lines.join('')}`,
        socket: socketOf(this.#connection),
      });
    }
    if (request.body === null) bodySent.publish({ request });
  }
}

/** Tells of connections. */
export const publishConnection: ConnectionObserver = (name, _at, detail) => {
  if (name === 'connecting') beforeConnect.publish({ connectParams: paramsOf(detail.origin) });
  else if (name === 'opened') {
    const { connection } = detail as { readonly connection: ConnectionInfo };
    connected.publish({ connectParams: paramsOf(detail.origin, connection), socket: socketOf(connection) });
  } else if (name === 'connect-failed') {
    const { error } = detail as { readonly error: HttpCoreError };
    connectError.publish({ connectParams: paramsOf(detail.origin), error });
  }
};

function paramsOf(origin: string, connection?: ConnectionInfo): object {
  const { host, hostname, protocol, port } = new URL(origin);
  return { host, hostname, protocol, port, servername: null, version: connection === undefined ? undefined : versionOf(connection) };
}

function versionOf({ protocol }: ConnectionInfo): 'h1' | 'h2' {
  return protocol === 'h2' ? 'h2' : 'h1';
}

/** What is read of a socket. The socket itself is nobody's to write to. */
function socketOf(connection: ConnectionInfo | undefined): object {
  return {
    remoteAddress: connection?.remoteAddress,
    remotePort: connection?.remotePort,
    localAddress: connection?.localAddress,
    localPort: connection?.localPort,
    alpnProtocol: connection?.protocol === 'h2' ? 'h2' : false,
    encrypted: connection?.tlsVersion !== undefined,
  };
}

function flatBuffers(fields: readonly HeaderPair[]): Buffer[] {
  return fields.flatMap((field) => field.map((text) => Buffer.from(text, 'latin1')));
}

/** Whose signal has aborted it with what the platform makes for that gets to see that, as with undici: it counts as no error. */
function asUndici(error: unknown): unknown {
  const { name, cause } = Object(error) as { readonly name?: unknown; readonly cause?: unknown };
  return name === 'Aborted' && isNamed(cause, 'AbortError') ? cause : error;
}
