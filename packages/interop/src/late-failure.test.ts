/** What came before a failure is read before it, from the streams that other people's libraries are handed. */
import type { Duplex, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import type { CarriedBody } from './carrier/carrier.ts';
import { ConnectingSocket } from './node/connecting-socket.ts';
import { requestHandler } from './smithy/request-handler.ts';
import { UpgradedSocket } from './undici/upgraded-socket.ts';

const reset = (): Error => Object.assign(new Error('The connection failed'), { code: 'ECONNRESET' });

/** Eight pieces, and then a reset; every write fails. */
function bodyOf(writable: boolean): CarriedBody {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (const piece of 'abcdefgh') yield Buffer.from(piece);
    throw reset();
  }
  const body = {
    [Symbol.asyncIterator]: pieces,
    bytes: () => Promise.reject(reset()),
    close: () => Promise.resolve(),
    trailers: undefined,
  };
  const failing = (): Promise<never> => Promise.reject(reset());
  return writable ? { ...body, write: failing, end: failing } : body;
}

const makes: Record<string, () => Promise<Readable>> = {
  'an upgraded socket': () => Promise.resolve(new UpgradedSocket(bodyOf(true))),
  "an agent's socket": () =>
    Promise.resolve(new ConnectingSocket('127.0.0.1', undefined, false, () => Promise.resolve(new UpgradedSocket(bodyOf(true))))),
  async 'the body of an SDK'() {
    const handler = requestHandler({ dispatch: () => Promise.resolve(['1.1', 200, 'OK', [], bodyOf(false)]) });
    const { response } = await handler.handle({ method: 'GET', protocol: 'http:', hostname: 'a', path: '/', headers: {} });
    return response.body;
  },
};

const reads: Record<string, (stream: Readable) => Promise<string>> = {
  async slowly(stream) {
    let text = '';
    await expect(
      (async () => {
        for await (const chunk of stream) {
          text += textOf(chunk);
          await turn();
        }
      })(),
    ).rejects.toMatchObject({ code: 'ECONNRESET' });
    return text;
  },
  paused: (stream) => events(stream, 'data', (chunk) => (stream.pause(), setImmediate(() => stream.resume()), textOf(chunk))),
  'by a size that never comes': (stream) => events(stream, 'readable', () => String((stream.read(1000) as Buffer | null) ?? '')),
};

async function events(stream: Readable, event: string, read: (chunk: unknown) => string): Promise<string> {
  let text = '';
  stream.on(event, (chunk: unknown) => (text += read(chunk)));
  const error = await new Promise((resolve) => stream.once('error', resolve));
  expect(error).toMatchObject({ code: 'ECONNRESET' });
  return text;
}

describe.each(Object.entries(makes))('%s', (_name, make) => {
  it.each(Object.entries(reads))('gives what came before the failure: %s', async (_how, read) => {
    const stream = await make();
    await turn();
    expect(await read(stream)).toBe('abcdefgh');
  });
});

it.each(Object.entries(makes).slice(0, 2))('%s whose write fails while it is read gives what came before', async (_name, make) => {
  const socket = (await make()) as Duplex;
  const text = reads['slowly']!(socket);
  socket.write('x');
  socket.write('y');
  expect(await text).toBe('abcdefgh');
});

function textOf(chunk: unknown): string {
  return (chunk as Buffer).toString();
}
