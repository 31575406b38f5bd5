/** A server of one file that can be resumed, and breaks off where it is told to. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { seededBuffer, startServer, type LocalServer } from '@x/testbed';

export const content: Buffer = seededBuffer('download', 300_000);
export const sha256 = (encoding: 'hex' | 'base64', bytes: Uint8Array = content): string =>
  createHash('sha256').update(bytes).digest(encoding);

export interface Origin {
  content: Buffer;
  etag: string | undefined;
  /** After so many bytes of a body the connection breaks; one for each response, the last one for all that follow. */
  cuts: number[];
  /** Answered first, in this order. */
  statuses: number[];
  /** Answered next, once a body was cut. */
  statusesAfterCut: number[];
  headers: Record<string, string>;
  ignoresRanges: boolean;
}

/** A file behind a server that knows ranges (RFC 9110 §14) and breaks off where it is told to. */
export async function startOrigin(changes: Partial<Origin> = {}): Promise<LocalServer & { origin: Origin; requests: string[] }> {
  const origin: Origin = {
    content,
    etag: '"v1"',
    cuts: [],
    statuses: [],
    statusesAfterCut: [],
    headers: {},
    ignoresRanges: false,
    ...changes,
  };
  const requests: string[] = [];
  const server = await startServer((request: IncomingMessage, response: ServerResponse) => {
    const { range, 'if-range': ifRange, 'accept-encoding': coding } = request.headers;
    requests.push([range ?? 'all', ifRange, coding === 'identity' ? coding : undefined].filter(Boolean).join(' '));
    const failing = origin.statuses.shift();
    if (failing !== undefined) {
      response.writeHead(failing).end();
      return;
    }
    const { content: whole, etag, headers } = origin;
    const first = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const isPart = range !== undefined && !origin.ignoresRanges && (ifRange === undefined || ifRange === etag);
    if (isPart && first >= whole.length) {
      response.writeHead(416, { 'content-range': `bytes */${whole.length}` }).end();
      return;
    }
    const body = isPart ? whole.subarray(first) : whole;
    response.writeHead(isPart ? 206 : 200, {
      'content-length': body.length,
      ...(etag === undefined ? {} : { etag }),
      ...(isPart ? { 'content-range': `bytes ${first}-${whole.length - 1}/${whole.length}` } : {}),
      ...headers,
    });
    const cut = origin.cuts.length > 1 ? origin.cuts.shift() : origin.cuts[0];
    if (cut === undefined || cut >= body.length) response.end(body);
    else {
      origin.statuses.push(...origin.statusesAfterCut.splice(0));
      response.write(body.subarray(0, cut), () => response.destroy());
    }
  });
  return Object.assign(server, { origin, requests });
}

/** Writes, and breaks off once that has arrived: {@link arrived} is the `onProgress` that says so. */
const unfinished: ServerResponse[] = [];
export function writeAndBreak(response: ServerResponse, bytes: Uint8Array | string): void {
  response.write(bytes);
  unfinished.push(response);
}
export const arrived = (): void => {
  for (const response of unfinished.splice(0)) response.destroy();
};
