import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { delete as remove, get, head, options, patch, post, put, Request, request, stream } from '@x/client';
import { startServer, type EchoedRequest } from '@x/testbed';
import { describe, expect, it } from 'vitest';

describe('the verbs without a client', () => {
  it.each([
    ['GET', get],
    ['OPTIONS', options],
    ['POST', post],
    ['PUT', put],
    ['PATCH', patch],
    ['DELETE', remove],
  ])('%s', async (method, verb) => {
    await using server = await startServer('echo');
    const echoed = (await verb(server.url('/x'), { params: { a: 1 } })).json<EchoedRequest>();
    expect(echoed).toMatchObject({ method, target: '/x?a=1' });
  });

  it('head(), request() and stream()', async () => {
    await using server = await startServer('echo');
    expect((await head(server.url('/'))).bytes()).toHaveLength(0);
    expect((await request('QUERY', server.url('/'), { json: [1] })).json()).toMatchObject({ method: 'QUERY', body: '[1]' });
    await using streamed = await stream('POST', server.url('/'), { body: 'x' });
    expect(await streamed.json()).toMatchObject({ method: 'POST', body: 'x' });
    await using built = await stream(new Request('PUT', server.url('/')));
    expect(await built.json()).toMatchObject({ method: 'PUT' });
  });

  it('share connections, and no cookies', async () => {
    await using server = await startServer('login');
    const form = { user: 'ada', password: 'lovelace' };
    const entered = await post(server.url('/login'), { form, followRedirects: false });
    expect(entered.headers.getSetCookie()).toHaveLength(2);
    expect((await get(server.url('/account'))).status).toBe(401);
    expect(server.connections.accepted).toBe(1);
  });

  it('keep no process alive', async () => {
    // By the server's word the connection may idle for ten minutes.
    await using server = await startServer('plain', { headers: { 'Keep-Alive': 'timeout=600' } });
    const program = `
      import { get, stream } from '@x/client';
      const response = await get(${JSON.stringify(server.url('/'))});
      const streamed = await stream('GET', ${JSON.stringify(server.url('/'))});
      console.log(response.text(), await streamed.text());`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: new URL('../..', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 15_000,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, output }).toEqual({ code: 0, output: 'hello world hello world\n' });
    expect(server.connections.accepted).toBe(1);
  });
});
