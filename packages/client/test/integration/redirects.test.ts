import { Readable } from 'node:stream';

import { Client } from '@x/client';
import { receiveRequest, send, startRawServer, startServer, withEnoughTime, type EchoedRequest } from '@x/testbed';
import { describe, expect, it } from 'vitest';

const named = (echoed: EchoedRequest, name: string): string[] =>
  echoed.headers.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value);

describe('over the network, a redirect', () => {
  it('is followed on the connection that it came on', async () => {
    await using server = await startServer('redirect');
    await using client = new Client();
    const response = await client.get(server.url('/redirect/5'));
    expect(response.json<EchoedRequest>()).toMatchObject({ method: 'GET', target: '/echo' });
    expect(response.history).toHaveLength(5);
    expect(server.connections.accepted).toBe(1);
    expect(server.connections.requests).toBe(6);
    expect(response.history.map(({ timings }) => timings.reused)).toEqual([false, true, true, true, true]);
  });

  it.each([301, 302, 303, 307, 308])('by %i carries a body where it should', async (status) => {
    await using server = await startServer('redirect');
    await using client = new Client();
    const keeps = status >= 307;
    for (const body of ['text', () => Readable.from(['te', 'xt'])]) {
      const echoed = (await client.post(server.url(`/redirect/2?status=${status}`), { body })).json<EchoedRequest>();
      expect(echoed).toMatchObject(keeps ? { method: 'POST', body: 'text' } : { method: 'GET', body: '' });
      expect(named(echoed, 'content-type')).toEqual(keeps && body === 'text' ? ['text/plain;charset=UTF-8'] : []);
    }
  });

  it('of a stream is an error, and the connection is used again', async () => {
    await using server = await startServer('redirect');
    await using client = new Client();
    const upload = client.put(server.url('/redirect/1?status=307'), { body: Readable.from(['once']) });
    await expect(upload).rejects.toMatchObject({ code: 'BODY_NOT_REPLAYABLE' });
    expect((await client.get(server.url('/echo'))).status).toBe(200);
    expect(server.connections.accepted).toBe(1);
  });

  it('to another origin takes no credentials along, and gives them again to their own', async () => {
    await using other = await startServer('site');
    await using server = await startServer('site');
    await using client = new Client({
      auth: ['me', 'secret'],
      baseUrl: server.url('/').replace('//', '//me:secret@'),
      headers: { 'x-api-key': 'k' },
    });
    const back = encodeURIComponent(server.url('/echo'));
    const away = encodeURIComponent(other.url('/echo'));
    const there = (await client.get(`/redirect-to?url=${away}`, { headers: { cookie: 'own=1' } })).json<EchoedRequest>();
    for (const name of ['authorization', 'cookie', 'x-api-key']) expect([name, named(there, name)]).toEqual([name, []]);
    expect(named(there, 'host')).toEqual([`127.0.0.1:${other.port}`]);
    const home = (await client.get(`/redirect-to?url=${back}`)).json<EchoedRequest>();
    expect(named(home, 'authorization')).toEqual([`Basic ${btoa('me:secret')}`]);
    expect(named(home, 'x-api-key')).toEqual(['k']);
  });

  it('from https to http is refused, from http to https followed', async () => {
    await using secure = await startServer('site', { tls: true });
    await using open = await startServer('site');
    await using client = new Client({ tls: { ca: secure.ca! } });
    const down = client.get(secure.url(`/redirect-to?url=${encodeURIComponent(open.url('/echo'))}`));
    await expect(down).rejects.toMatchObject({ code: 'INSECURE_REDIRECT' });
    expect(open.connections.accepted).toBe(0);
    const up = await client.get(open.url(`/redirect-to?url=${encodeURIComponent(secure.url('/echo'))}`));
    expect(up.url).toBe(secure.url('/echo'));
  });

  it('whose body is large does not hold the next hop up', async () => {
    await using server = await startServer((request, response) => {
      if (request.url === '/there') {
        response.end('there');
        return;
      }
      response.writeHead(302, { Location: '/there', 'Content-Length': 100_000_000 });
      response.write(Buffer.alloc(200_000));
    });
    await using client = new Client();
    expect((await client.get(server.url('/'))).text()).toBe('there');
    await server.connections.until(({ open }) => open <= 1);
  });

  it('in a loop ends', async () => {
    await using server = await startServer('redirect');
    await using client = new Client({ maxRedirects: 4 });
    await expect(client.get(server.url('/loop'))).rejects.toMatchObject({ code: 'TOO_MANY_REDIRECTS' });
    expect(server.connections.requests).toBe(5);
    expect((await client.get(server.url('/echo'))).status).toBe(200);
  });

  it('is a response when it is not followed', async () => {
    await using server = await startServer('redirect');
    await using client = new Client({ followRedirects: false });
    const response = await client.get(server.url('/redirect/1'));
    expect(response.text()).toContain('go to');
    expect(response.nextRequest?.url).toBe(server.url('/echo'));
    expect((await client.send(response.nextRequest!)).json<EchoedRequest>().target).toBe('/echo');
  });

  it('with what only an attacker would send is refused or harmless', async () => {
    const locations = [
      'http://[',
      'http://a b/',
      'javascript:alert(1)',
      '\\\\evil.example/',
      `/${'a'.repeat(60_000)}`,
      '/%0d%0aX: y',
      '/\x80\xff',
    ];
    for (const location of locations) {
      const redirect = `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
      await using server = await startRawServer([receiveRequest(), send(Buffer.from(redirect, 'latin1'))]);
      await using client = new Client({ followRedirects: false });
      const response = await client.get(server.url('/'));
      expect(response.status).toBe(302);
      const target = response.nextRequest?.urlParts[3] ?? '';
      expect(target).toMatch(/^[\x21-\x7e]*$/);
    }
  });

  it('within one deadline, however many hops', async () => {
    await using slow = await startServer('slow');
    await using server = await startServer('redirect');
    await withEnoughTime(async (timeout) => {
      await using client = new Client({ timeout });
      const error: unknown = await client
        .get(server.url(`/redirect-to?url=${encodeURIComponent(slow.url('/'))}`))
        .catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', phase: 'response-head' });
      expect((error as Error).message).toMatch(new RegExp(`attempt 2, after \\d+ ms of ${timeout} ms\\)$`));
    });
  });
});
