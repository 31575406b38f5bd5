import { getEventListeners } from 'node:events';

import { Client } from '@x/client';
import { refusedPort, startServer, withEnoughTime } from '@x/testbed';
import { describe, expect, it } from 'vitest';

describe('over the network, a limit', () => {
  it('on the total ends a request whatever it is doing', async () => {
    await using server = await startServer('slow');
    await using client = new Client();
    await withEnoughTime((timeout) =>
      expect(client.get(server.url('/'), { timeout })).rejects.toMatchObject({ name: 'DeadlineExceeded', phase: 'response-head' }),
    );
    server.head.open();
    server.pieces[0]!.open();
    await withEnoughTime((timeout) =>
      expect(client.get(server.url('/'), { timeout })).rejects.toMatchObject({ name: 'DeadlineExceeded', phase: 'response-body' }),
    );
    server.release();
    expect((await client.get(server.url('/'), { timeout: 10_000 })).text()).toBe('slow and steady');
  });

  it('on the total holds over a streamed body too', async () => {
    await using server = await startServer('slow');
    await using client = new Client();
    server.head.open();
    await withEnoughTime(async (timeout) => {
      await using response = await client.stream('GET', server.url('/'), { timeout });
      await expect(response.text()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    });
  });

  it('on silence names itself', async () => {
    await using server = await startServer('slow');
    await using client = new Client({ timeout: { read: 50 } });
    await expect(client.get(server.url('/'))).rejects.toMatchObject({ name: 'ReadTimeout', code: 'READ_TIMEOUT' });
  });

  it('on connections makes requests wait, and says who has them', async () => {
    await using server = await startServer('slow');
    await using client = new Client({ limits: { maxConnections: 1 } });
    const holding = client.get(server.url('/held'));
    await server.connections.until(({ requests }) => requests === 1);
    const waiting = client.get(server.url('/'), { timeout: { pool: 50 } });
    await expect(waiting).rejects.toMatchObject({ name: 'PoolTimeout', holders: [{ method: 'GET', origin: server.origin }] });
    server.release();
    expect((await holding).status).toBe(200);
  });

  it('of the caller aborts, and leaves no listener', async () => {
    await using server = await startServer('slow');
    await using client = new Client();
    const controller = new AbortController();
    const pending = client.get(server.url('/'), { signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await expect(pending).rejects.toMatchObject({ name: 'Aborted', cause: { message: 'changed my mind' } });
  });

  it('of the caller for many requests leaves no listener, and warns of none', async () => {
    await using server = await startServer('plain');
    await using client = new Client();
    const { signal } = new AbortController();
    const warnings: Error[] = [];
    const collect = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', collect);
    await Promise.all(Array.from({ length: 30 }, () => client.get(server.url('/'), { signal })));
    process.off('warning', collect);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(warnings).toEqual([]);
  });
});

describe('over the network, an error', () => {
  it("of connecting is the core's own, with the line of the caller and without secrets", async () => {
    const port = refusedPort();
    await using client = new Client();
    const error = await client.get(`http://user:s3cret@127.0.0.1:${port}/?token=s3cret`).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({
      name: 'ConnectError',
      code: 'CONNECT_FAILED',
      requestSent: false,
      origin: `http://127.0.0.1:${port}`,
    });
    expect((error as Error).stack).toContain('limits.test.ts');
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('s3cret');
  });
});
