// Every corner of the client that brings a library along, against a server of its own. Prints what does not work, or that all does.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { callOf, Client, ConnectError, CookieJar } from '@x/client';
import { mockClient } from '@x/client/testing';
import { ConnectionPool } from '@x/httpcore';

async function main(): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url === '/cookie') response.setHeader('set-cookie', 'sid=1; Path=/');
    if (request.url === '/events') response.setHeader('content-type', 'text/event-stream');
    let body = '';
    request.setEncoding('latin1').on('data', (text: string) => (body += text));
    request.on('end', () =>
      response.end(request.url === '/events' ? 'data: x\n\n' : request.url === '/sent' ? String(request.headers.cookie) : body),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new Client({ baseUrl, dispatcher: new ConnectionPool() });
  const failures: string[] = [];
  const attempt = async (name: string, works: () => boolean | Promise<boolean>): Promise<void> => {
    try {
      if (!(await works())) failures.push(`${name}: not as expected`);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
    }
  };

  await attempt('a cookie', async () => {
    await client.get('/cookie');
    return (await client.get('/sent')).text() === 'sid=1';
  });
  await attempt('public suffixes', () => {
    try {
      new CookieJar().set('a=b; Domain=co.uk', 'https://example.co.uk/');
      return false;
    } catch {
      return true;
    }
  });
  await attempt('a file', async () => {
    const files = { file: { content: new Uint8Array([1]), filename: 'a.png' } };
    return (await client.post('/', { files })).text().toLowerCase().includes('content-type: image/png');
  });
  await attempt('events', async () => {
    for await (const event of (await client.stream('GET', '/events')).sse()) return event.data === 'x';
    return false;
  });
  await attempt('errors', async () => {
    const refused: unknown = await client.get('http://127.0.0.1:1/').catch((error: unknown) => error);
    return refused instanceof ConnectError && callOf(refused) !== undefined;
  });
  await attempt('testing', async () => {
    const mocked = mockClient(() => ({ status: 200, body: 'ok' }));
    return mocked instanceof Client && (await mocked.get('https://example.com/')).status === 200;
  });
  await client.close();
  server.close();
  console.log(failures.length === 0 ? 'all work' : failures.join('; '));
}

void main();
