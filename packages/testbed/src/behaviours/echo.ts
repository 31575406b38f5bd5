import { pipeline } from 'node:stream/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Behaviour } from '../server/http-server.ts';
import { answerJson } from './answers.ts';
import { headerPairs, readBody } from './request-body.ts';

export interface EchoOptions {
  /** `json` (the default) describes the request as an `EchoedRequest`; `raw` streams the body back as it comes. */
  readonly format?: 'json' | 'raw';
}

/** What the `json` format answers. */
export interface EchoedRequest {
  readonly method: string;
  /** The request target as it was on the wire. */
  readonly target: string;
  readonly httpVersion: string;
  /** In the order, the case and the number in which they came. */
  readonly headers: readonly [name: string, value: string][];
  readonly trailers: readonly [name: string, value: string][];
  /** The body as UTF-8 text, and as base64 for bytes that are none. */
  readonly body: string;
  readonly bodyBase64: string;
}

/** Sends back what it was sent. */
export function echo(options: EchoOptions = {}): Behaviour {
  return { handle: options.format === 'raw' ? echoBody : echoRequest, extras: {} };
}

export function echoRequest(request: IncomingMessage, response: ServerResponse): void {
  void readBody(request).then((body) => {
    if (body === undefined) return;
    const echoed: EchoedRequest = {
      method: request.method ?? '',
      target: request.url ?? '',
      httpVersion: request.httpVersion,
      headers: headerPairs(request.rawHeaders),
      trailers: headerPairs(request.rawTrailers),
      body: body.toString('utf8'),
      bodyBase64: body.toString('base64'),
    };
    answerJson(response, 200, echoed);
  });
}

/** Head first, then every chunk as it comes: the response runs while the upload does. */
export function echoBody(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-type': type, 'content-length': length } = request.headers;
  response.writeHead(200, {
    'Content-Type': type ?? 'application/octet-stream',
    ...(length === undefined ? {} : { 'Content-Length': length }),
  });
  response.flushHeaders();
  pipeline(request, response).catch(() => response.destroy());
}
