import { createServer as createHttp2Server } from 'node:http2';

import { describe, expect, it } from 'vitest';

import type { HttpCoreError } from '../contract/errors.ts';
import type { UrlParts } from '../contract/values.ts';
import { ScriptedNetwork, type ScriptedNetworkOptions } from './scripted-network.ts';

const url: UrlParts = ['http', 'api.test', null, '/'];

async function get(network: ScriptedNetwork, from: UrlParts = url): Promise<string> {
  await using dispatcher = network.dispatcher();
  return await network.run(async () => {
    const [version, status, , , body] = await dispatcher.dispatch('GET', from, [], null);
    return `${version} ${status} ${Buffer.from(await body.bytes()).toString()}`;
  });
}

describe('a scripted network', () => {
  it('carries requests to a function, in no time', async () => {
    const network = new ScriptedNetwork();
    network.serve('http://api.test', ({ method, url }) => ({ status: 201, body: `${method} ${url[3]}` }));
    const start = network.clock.now();
    expect(await get(network)).toBe('1.1 201 GET /');
    expect(network.clock.now() - start).toBe(0);
  });

  it('takes the time that its latency and bandwidth say', async () => {
    const network = new ScriptedNetwork({ latency: 50, bandwidth: 100_000 });
    network.serve('http://api.test', () => ({ status: 200, body: Buffer.alloc(100_000) }));
    const start = network.clock.now();
    await get(network);
    // There and back for the connection, there and back for the request; a second for the body.
    expect(network.clock.now() - start).toBeGreaterThanOrEqual(1_200);
    expect(network.clock.now() - start).toBeLessThan(1_230);
  });

  it('delays what is lost, and all behind it', async () => {
    const took = async (loss: number): Promise<number> => {
      const network = new ScriptedNetwork({ loss, retransmission: 300 });
      network.serve('http://api.test', () => ({ status: 200, body: Buffer.alloc(50_000) }));
      const start = network.clock.now();
      await get(network);
      return network.clock.now() - start;
    };
    expect(await took(0)).toBe(0);
    expect(await took(0.5)).toBeGreaterThanOrEqual(300);
  });

  it('resets and refuses connections', async () => {
    const failing = async (options: ScriptedNetworkOptions): Promise<string> => {
      const network = new ScriptedNetwork(options);
      network.serve('http://api.test', () => ({ status: 200, body: 'x' }));
      return get(network).catch((error: HttpCoreError) => `${error.name} ${error.errno}`);
    };
    expect(await failing({ reset: 1 })).toBe('ReadError ECONNRESET');
    expect(await failing({ refuse: 1 })).toBe('ConnectError ECONNREFUSED');
    expect(await get(new ScriptedNetwork()).catch((error: HttpCoreError) => error.errno)).toBe('ENOTFOUND');
  });

  it('is the same from the same seed, and another from another', async () => {
    const story = async (seed: number): Promise<string> => {
      const network = new ScriptedNetwork({ seed, latency: 10, jitter: 30, loss: 0.1, reset: 0.05, refuse: 0.1 });
      network.serve('http://api.test', ({ url }) => ({ status: 200, body: url[3] }));
      await using dispatcher = network.dispatcher({ maxConnectionsPerOrigin: 3 });
      const start = network.clock.now();
      const told: string[] = [];
      await network.run(async () => {
        const one = async (index: number): Promise<void> => {
          try {
            const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'api.test', null, `/${index}`], [], null);
            told.push(Buffer.from(await body.bytes()).toString());
          } catch (error) {
            told.push((error as Error).name);
          }
          told.push((network.clock.now() - start).toFixed(3));
        };
        await Promise.all(Array.from({ length: 30 }, (_, index) => one(index)));
      });
      return told.join();
    };
    const first = await story(7);
    expect(await story(7)).toBe(first);
    expect(await story(8)).not.toBe(first);
    expect(first).toContain('Error');
  });

  it('carries HTTP/2', async () => {
    const network = new ScriptedNetwork({ latency: 5 });
    const server = createHttp2Server((_, response) => response.end('two'));
    network.serve('https://api.test', server, { protocol: 'h2' });
    expect(await get(network, ['https', 'api.test', null, '/'])).toBe('2 200 two');
  });

  it('sends uploads at the speed of the link', async () => {
    const network = new ScriptedNetwork({ latency: 1, bandwidth: 1_000_000 });
    network.serve('http://api.test', async ({ body }) => ({ status: 200, body: String((await body.bytes()).length) }));
    await using dispatcher = network.dispatcher();
    const start = network.clock.now();
    const length = await network.run(async () => {
      const chunks = Array.from({ length: 32 }, () => Buffer.alloc(65_536));
      const [, , , , body] = await dispatcher.dispatch('PUT', url, [], chunks);
      return Buffer.from(await body.bytes()).toString();
    });
    expect(length).toBe('2097152');
    expect(network.clock.now() - start).toBeGreaterThan(2_090);
  });

  it('loses all connections at once when it is told to', async () => {
    const network = new ScriptedNetwork();
    network.serve('http://api.test', () => new Promise(() => {}));
    await using dispatcher = network.dispatcher();
    const failure = network.run(() => dispatcher.dispatch('GET', url, [], null));
    const failed = failure.catch((error: HttpCoreError) => error.code);
    while (network.connections === 0) await network.clock.settle();
    network.resetConnections();
    expect(await failed).toBe('READ_FAILED');
    expect(network.connections).toBe(0);
  });

  it('says what does not end', async () => {
    const network = new ScriptedNetwork({ seed: 3 });
    await expect(network.run(() => new Promise(() => {}))).rejects.toThrow('It waits for something that is not on this clock (seed 3)');
    const ticking = (): void => void network.clock.schedule(1_000, ticking);
    ticking();
    await expect(network.run(() => new Promise(() => {}))).rejects.toThrow('It has not ended after ten scripted minutes (seed 3)');
  });

  it('refuses options that mean nothing', () => {
    expect(() => new ScriptedNetwork({ loss: 2 })).toThrow('"loss" of a link must be a number from 0 to 1');
    expect(() => new ScriptedNetwork({ delay: 2 } as object)).toThrow('A link has no "delay"');
    expect(() => new ScriptedNetwork({ bandwidth: 0 })).toThrow('"bandwidth"');
  });
});
