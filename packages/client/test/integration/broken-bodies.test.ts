/** What came before a response broke off is given by every way of reading it as it comes, however late. */
import zlib from 'node:zlib';

import { close, createGate, receiveHead, send, startRawServer, waitFor } from '@x/testbed';
import { expect, it } from 'vitest';

import { Client, type StreamResponse } from '../../src/index.ts';

const text = 'data: 1\n\ndata: 2\n\ndata: 3\n\n';
const flushed = zlib.gzipSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH });

type Read = (response: StreamResponse) => AsyncIterable<unknown>;

const ways: readonly [name: string, read: Read, expected: string][] = [
  ['chunks', (response) => response, text],
  ['lines', (response) => response.lines(), 'data: 1//data: 2//data: 3/'],
  ['events', (response) => response.sse({ reconnect: false }), '1/2/3'],
  ['a web stream', (response) => response.toWebStream(), text],
  ['a stream of Node', (response) => response.toNodeStream(), text],
];

function shown(item: unknown): string {
  if (typeof item === 'string') return item;
  return item instanceof Uint8Array ? Buffer.from(item).toString() : (item as { data: string }).data;
}

it.each(['identity', 'gzip'].flatMap((coding) => ways.map((way) => [coding, ...way] as const)))(
  '%s as %s',
  async (coding, name, read, expected) => {
    const headSeen = createGate();
    const body = coding === 'gzip' ? flushed : Buffer.from(text);
    const pieces = [body.subarray(0, 10), body.subarray(10)];
    const chunk = (piece: Uint8Array): Uint8Array =>
      Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
    await using server = await startRawServer([
      receiveHead(),
      send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: ${coding}\r\nTransfer-Encoding: chunked\r\n\r\n`),
      waitFor(headSeen),
      send(Buffer.concat(pieces.map(chunk))),
      close(),
    ]);
    await using client = new Client();
    const failed = createGate();
    await using response = await client.stream('GET', `http://127.0.0.1:${server.port}/`, {
      trace: (event) => event === 'failed' && failed.open(),
    });
    headSeen.open();
    await failed.opened;
    const items: string[] = [];
    const reading = (async () => {
      for await (const item of read(response)) items.push(shown(item));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'INCOMPLETE_BODY' });
    expect(items.join(name === 'lines' || name === 'events' ? '/' : '')).toBe(expected);
  },
);
