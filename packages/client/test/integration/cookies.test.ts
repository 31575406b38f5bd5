import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, CookieJar } from '@x/client';
import { startRawServer, startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

const account = { user: 'ada', cookies: expect.stringMatching(/^session=\w+; theme=dark$/) as string };

describe('cookies over the network', () => {
  it('carry a login through its redirect and to the next request, until logout', async () => {
    await using server = await startServer('login');
    await using client = new Client({ baseUrl: server.url('/') });
    expect((await client.get('/account')).status).toBe(401);
    const response = await client.post('/login', { form: { user: 'ada', password: 'lovelace' } });
    expect(response.json()).toEqual(account);
    expect(response.history.map(({ status }) => status)).toEqual([303]);
    expect((await client.get('/account')).json()).toEqual(account);
    await client.post('/logout');
    expect((await client.get('/account')).status).toBe(401);
  });

  it('keep each client’s login its own', async () => {
    await using server = await startServer('login');
    await using one = new Client({ baseUrl: server.url('/') });
    await using other = new Client({ baseUrl: server.url('/') });
    await one.post('/login', { form: { user: 'ada', password: 'lovelace' } });
    expect((await other.get('/account')).status).toBe(401);
    expect((await one.extend({ timeout: 5_000 }).get('/account')).status).toBe(200);
  });

  it('survive the program in a file, of either form', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cookies-'));
    try {
      await using server = await startServer('login');
      const jar = new CookieJar();
      await using first = new Client({ baseUrl: server.url('/'), cookies: jar });
      await first.post('/login', { form: { user: 'ada', password: 'lovelace' } });

      const json = join(folder, 'cookies.json');
      await writeFile(json, JSON.stringify(jar.serialize()), { mode: 0o600 });
      await using second = new Client({ baseUrl: server.url('/'), cookies: CookieJar.fromJSON(await readFile(json, 'utf8')) });
      expect((await second.get('/account')).json()).toEqual(account);

      const text = join(folder, 'cookies.txt');
      await writeFile(text, jar.toCookiesTxt(), { encoding: 'latin1', mode: 0o600 });
      await using third = new Client({ baseUrl: server.url('/'), cookies: CookieJar.fromCookiesTxt(await readFile(text, 'latin1')) });
      expect((await third.get('/account')).json()).toEqual(account);
      expect((await stat(text)).size).toBeGreaterThan(100);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('arrive octet for octet as they were set, several of one response, and never decoded', async () => {
    const octets = 'raw=\xe6\x98\xa5\xff%0d%0aX: y; Path=/';
    const reply =
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n' +
      `Set-Cookie: ${octets}\r\nSET-COOKIE: quoted="a b"; HttpOnly\r\nset-cookie: empty=\r\nSet-Cookie: alone\r\n\r\n`;
    let second = '';
    await using server = await startRawServer([
      async (peer) => {
        await peer.head();
        await peer.send(reply);
        second = await peer.head();
        await peer.send('HTTP/1.1 204 No Content\r\n\r\n');
      },
    ]);
    await using client = new Client();
    await client.get(server.url('/'));
    await client.get(server.url('/'));
    expect(/^cookie: (.*)\r$/im.exec(second)?.[1]).toBe('raw=\xe6\x98\xa5\xff%0d%0aX: y; quoted="a b"; empty=; alone');
  });

  it('are not read from 103 Early Hints', async () => {
    await using server = await startRawServer([
      async (peer) => {
        await peer.head();
        await peer.send(
          'HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: late=1\r\nContent-Length: 0\r\n\r\n',
        );
      },
    ]);
    const jar = new CookieJar();
    await using client = new Client({ cookies: jar });
    await client.get(server.url('/'));
    expect(Array.from(jar, ({ name }) => name)).toEqual(['late']);
  });
});
