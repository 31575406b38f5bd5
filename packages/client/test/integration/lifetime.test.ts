import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { Client } from '@x/client';
import { close, startServer, receiveHead, send, startRawServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

describe('over the network, a client', () => {
  it('that closes lets running requests end, then closes its connections', async () => {
    await using server = await startServer('slow');
    const client = new Client();
    const running = client.get(server.url('/'));
    const closing = client.close();
    await expect(client.get(server.url('/'))).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    server.release();
    expect((await running).text()).toBe('slow and steady');
    await closing;
    expect(client.state).toBe('closed');
  });

  it('that is destroyed aborts them, and those of the clients that extend it', async () => {
    await using server = await startServer('slow');
    const client = new Client();
    const extended = client.extend({ headers: { a: '1' } });
    const own = client.extend({});
    const running = Promise.allSettled([client.get(server.url('/')), extended.get(server.url('/')), own.get(server.url('/'))]);
    await own.destroy();
    expect(client.state).toBe('open');
    await client.destroy();
    for (const outcome of await running) expect(outcome).toMatchObject({ reason: { code: 'ABORTED', cause: { code: 'CLIENT_CLOSED' } } });
    expect(extended.state).toBe('closed');
  });

  it('that is idle and never closed does not keep the process alive', async () => {
    await using server = await startServer('plain');
    const program = `
      import { Client } from '@x/client';
      const client = new Client({ limits: { keepAliveTimeout: 600_000 } });
      console.log((await client.get(${JSON.stringify(server.url('/'))})).text());`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: new URL('../..', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 15_000,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, output }).toEqual({ code: 0, output: 'hello world\n' });
  });

  it('gives each connection so many requests, and keeps so many that are idle', async () => {
    await using server = await startServer('plain');
    await using client = new Client({ limits: { maxRequestsPerConnection: 2, maxIdleConnections: 0, maxConnectionAge: null } });
    for (let count = 0; count < 5; count += 1) await client.get(server.url('/'));
    expect(server.connections.accepted).toBeGreaterThanOrEqual(3);
    await using usual = client.extend({ limits: { maxRequestsPerConnection: null, maxIdleConnections: null } });
    await usual.get(server.url('/'));
    const { connectionId } = (await usual.get(server.url('/'))).timings;
    expect((await usual.get(server.url('/'))).timings.connectionId).toBe(connectionId);
  });

  it('serves many requests at once over few connections', async () => {
    await using server = await startServer('plain');
    await using client = new Client({ limits: { maxConnectionsPerOrigin: 4 } });
    const responses = await Promise.all(Array.from({ length: 200 }, (_, index) => client.get(server.url(`/${index}`))));
    expect(new Set(responses.map((response) => response.timings.connectionId)).size).toBeLessThanOrEqual(4);
    expect(server.connections.accepted).toBeLessThanOrEqual(4);
    expect(responses.every((response) => response.text() === 'hello world')).toBe(true);
  });

  it('reads what is not quite HTTP/1.1 where it is told to, and so do those that extend it', async () => {
    await using server = await startRawServer([receiveHead(), send('HTTP/1.1 200 OK\nContent-Length: 2\n\nok'), close()]);
    const url = `http://127.0.0.1:${server.port}/`;
    await using strict = new Client();
    await expect(strict.get(url)).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
    await using lenient = new Client({ lenientHttp1: true });
    expect((await lenient.get(url)).text()).toBe('ok');
    expect((await lenient.extend({ headers: { 'x-a': 'b' } }).get(url)).text()).toBe('ok');
    await expect(lenient.extend({ lenientHttp1: false }).get(url)).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
    expect(() => new Client({ lenientHttp1: 1 as unknown as boolean })).toThrow(
      expect.objectContaining({ name: 'InvalidOption' }) as Error,
    );
  });
});
