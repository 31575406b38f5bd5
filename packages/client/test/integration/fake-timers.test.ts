/** Tests fake the time of the programs under test, and those go on talking to their servers. */
import { mock } from 'node:test';

import { startServer } from '@x/testbed';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { Client } from '../../src/index.ts';

/** What a library takes over, and how it gives it back. */
const libraries = {
  'of vitest': { fake: () => void vi.useFakeTimers(), restore: () => void vi.useRealTimers() },
  'of node:test': {
    fake: () => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] }),
    restore: () => mock.timers.reset(),
  },
};

describe.each(Object.entries(libraries))('under the fake timers %s', (_, { fake, restore }) => {
  afterEach(restore);

  it.each([
    ['HTTP/1.1', { tls: false }],
    ['HTTP/2', { tls: true, http2: true }],
  ] as const)('a call over %s is answered, on a new connection and on a warm one', async (_protocol, options) => {
    await using server = await startServer('plain', { ...options, body: 'hi' });
    await using client = new Client({ tls: { ca: server.ca } });
    fake();
    expect((await client.get(server.url('/'))).text()).toBe('hi');
    expect((await client.post(server.url('/'), { body: 'x' })).text()).toBe('hi');
    restore();
    expect((await client.get(server.url('/'))).text()).toBe('hi');
  });

  it('limits are real, while they are fake and afterwards', async () => {
    await using server = await startServer('slow');
    const client = new Client({ timeout: { read: 50 } });
    fake();
    await expect(client.get(server.url('/'))).rejects.toMatchObject({ code: 'READ_TIMEOUT' });
    await expect(client.get(server.url('/'), { timeout: 20 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    restore();
    await expect(client.get(server.url('/'))).rejects.toMatchObject({ code: 'READ_TIMEOUT' });
    await client.destroy();
  });
});

it('a client that is loaded when timers are fake already takes the real ones', async () => {
  await using server = await startServer('plain', { body: 'hi' });
  vi.useFakeTimers();
  try {
    vi.resetModules();
    const { Client: LateClient } = await import('../../src/index.ts');
    const client = new LateClient();
    expect((await client.get(server.url('/'))).text()).toBe('hi');
    await client.destroy();
  } finally {
    vi.useRealTimers();
  }
});
