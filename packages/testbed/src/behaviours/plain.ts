import type { Behaviour } from '../server/http-server.ts';

export interface PlainOptions {
  /** Default `hello world`. */
  readonly body?: string | Uint8Array;
  /** Default 200. */
  readonly status?: number;
  /** Added to (or in place of) `Content-Type: text/plain`. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** The same answer to everything. */
export function plain(options: PlainOptions = {}): Behaviour {
  const body = Buffer.from(options.body ?? 'hello world');
  const headers = {
    'Content-Type': 'text/plain',
    'Content-Length': String(body.length),
    ...(options.headers as Record<string, string | string[]> | undefined),
  };
  return {
    handle(_request, response) {
      response.writeHead(options.status ?? 200, headers).end(body);
    },
    extras: {},
  };
}
