import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import { BodyNotReplayable, Client, DigestAuth, type DigestAuthOptions } from '@x/client';
import { seededBuffer, startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

interface Admitted {
  readonly user: string;
  readonly algorithm: string;
  readonly qop: string;
  readonly nc: string;
  readonly body: string;
}

const clientFor = (options?: DigestAuthOptions, user = 'ada', password = 'lovelace'): Client =>
  new Client({ auth: new DigestAuth(user, password, options) });

describe('Digest over the network', () => {
  it('costs a second round trip once, on one connection', async () => {
    await using server = await startServer('digest');
    await using client = clientFor();
    for (let index = 1; index <= 5; index++) {
      const response = (await client.get(server.url(`/${index}?q=a%20b`))).raiseForStatus();
      expect(response.json<Admitted>()).toMatchObject({ user: 'ada', algorithm: 'SHA-256', qop: 'auth', nc: `0000000${index}` });
    }
    expect(server.digest).toEqual({ challenged: 1, admitted: 5, replayed: 0 });
    expect(server.connections.accepted).toBe(1);
  });

  it.each(['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess', 'SHA-512-256', 'SHA-512-256-sess'])('speaks %s', async (algorithm) => {
    for (const qop of ['auth', 'auth-int']) {
      await using server = await startServer('digest', { algorithms: [algorithm], qop });
      await using client = clientFor();
      for (const nc of ['00000001', '00000002']) {
        const response = (await client.post(server.url('/'), { json: { nc } })).raiseForStatus();
        expect(response.json<Admitted>()).toEqual({ user: 'ada', algorithm, qop, nc, body: `{"nc":"${nc}"}` });
      }
      expect(server.digest).toEqual({ challenged: 1, admitted: 2, replayed: 0 });
    }
  });

  it('takes the strongest that is offered, or the one that it is limited to', async () => {
    await using server = await startServer('digest', { algorithms: ['MD5', 'SHA-512-256', 'SHA-256'] });
    await using strong = clientFor();
    expect((await strong.get(server.url('/'))).json<Admitted>().algorithm).toBe('SHA-512-256');
    await using limited = clientFor({ algorithms: ['SHA-256'] });
    expect((await limited.get(server.url('/'))).json<Admitted>().algorithm).toBe('SHA-256');
    await using none = clientFor({ algorithms: ['MD5-sess'] });
    expect((await none.get(server.url('/'))).status).toBe(401);
  });

  it('answers a stale nonce without asking the user, and takes a next one without a round trip', async () => {
    await using stale = await startServer('digest', { uses: 2 });
    await using client = clientFor();
    for (let index = 0; index < 6; index++) (await client.get(stale.url('/'))).raiseForStatus();
    expect(stale.digest).toEqual({ challenged: 3, admitted: 6, replayed: 0 });

    await using rotating = await startServer('digest', { rotate: true, uses: 1 });
    await using other = clientFor();
    for (let index = 0; index < 6; index++) (await other.get(rotating.url('/'))).raiseForStatus();
    expect(rotating.digest).toEqual({ challenged: 1, admitted: 6, replayed: 0 });
  });

  it('hides the user where the server wants it, and writes one beyond ASCII', async () => {
    for (const userhash of [false, true]) {
      await using server = await startServer('digest', { user: 'Jäsøn Doe', password: 'Secret, or nøt?', userhash });
      await using client = clientFor({}, 'Jäsøn Doe', 'Secret, or nøt?');
      expect((await client.get(server.url('/'))).raiseForStatus().json<Admitted>().user).toBe('Jäsøn Doe');
    }
  });

  it('hands on a challenge that can not be read', async () => {
    // The server writes its realm without escapes.
    await using server = await startServer('digest', { realm: 'r "q" \\' });
    await using client = clientFor();
    expect((await client.get(server.url('/'))).status).toBe(401);
    expect(server.connections.requests).toBe(1);
  });

  it('speaks RFC 2069 with a server that knows no better', async () => {
    await using server = await startServer('digest', { qop: null, algorithms: ['MD5'] });
    await using client = clientFor();
    for (let index = 0; index < 2; index++) (await client.get(server.url('/'))).raiseForStatus();
    expect(server.digest).toEqual({ challenged: 1, admitted: 2, replayed: 0 });
  });

  it('counts each request once when many run at the same time', async () => {
    await using server = await startServer('digest', { qop: 'auth' });
    await using client = clientFor();
    (await client.get(server.url('/'))).raiseForStatus();
    // HTTP/1.1 connections race each other, so a strict server may see counts out of order and ask again; each call ends admitted.
    const responses = await Promise.all(Array.from({ length: 8 }, (_, index) => client.get(server.url(`/${index}`))));
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(server.digest.admitted).toBe(9);
  });

  it.each([
    ['HTTP/1.1', {}],
    ['HTTP/2', { tls: true, http2: true }],
  ])('is admitted for each of many at the same time where a nonce is good for few, over %s', async (_, wire) => {
    await using server = await startServer('digest', { uses: 3, ...wire });
    await using client = new Client({ auth: new DigestAuth('ada', 'lovelace'), tls: { ca: server.ca } });
    const statuses = await Promise.all(Array.from({ length: 60 }, async (__, index) => (await client.get(server.url(`/${index}`))).status));
    const later = await Promise.all(Array.from({ length: 60 }, async (__, index) => (await client.get(server.url(`/${index}`))).status));
    expect([...statuses, ...later].filter((status) => status !== 200)).toEqual([]);
    expect(server.digest.admitted).toBe(120);
  });

  it('gives up on wrong credentials after one answer, and hands the refusal over', async () => {
    await using server = await startServer('digest');
    await using client = clientFor({}, 'ada', 'wrong');
    const response = await client.get(server.url('/'));
    expect([response.status, response.json()]).toEqual([401, { error: 'not admitted' }]);
    expect(response.attempts).toHaveLength(2);
    expect(server.connections.requests).toBe(2);
  });

  it('uploads a stream once it knows the server, and says so when it does not', async () => {
    await using server = await startServer('digest');
    await using client = clientFor();
    const upload = (): ReturnType<Client['post']> => client.post(server.url('/'), { body: Readable.from(['one', 'two']) });
    await expect(upload()).rejects.toBeInstanceOf(BodyNotReplayable);
    (await client.get(server.url('/'))).raiseForStatus();
    expect((await upload()).raiseForStatus().json<Admitted>().body).toBe('onetwo');
    expect((await client.post(server.url('/'), { body: () => Readable.from(['a', 'b']) })).json<Admitted>().body).toBe('ab');
  });

  it('covers a body of any form with auth-int', async () => {
    await using server = await startServer('digest', { qop: 'auth,auth-int' });
    await using client = clientFor({ qop: 'auth-int' });
    const bytes = seededBuffer('digest', 300_000);
    const bodies = [() => Readable.from([bytes]), new Blob([bytes]), Readable.from([bytes.subarray(0, 9), bytes.subarray(9)])];
    for (const body of bodies) {
      const admitted = (await client.post(server.url('/'), { body })).raiseForStatus().json<Admitted>();
      expect(admitted.qop).toBe('auth-int');
      expect(createHash('md5').update(admitted.body).digest('hex')).toBe(createHash('md5').update(bytes.toString()).digest('hex'));
    }
  });

  it('follows a redirect within the server, and takes nothing elsewhere', async () => {
    await using echo = await startServer('echo');
    await using server = await startServer('digest');
    await using lead = await startServer('redirect');
    await using client = clientFor();
    (await client.get(server.url('/'))).raiseForStatus();
    const elsewhere = await client.get(lead.url(`/redirect-to?url=${encodeURIComponent(echo.url('/'))}`));
    expect(elsewhere.url).toBe(echo.url('/'));
    expect(elsewhere.text().toLowerCase()).not.toContain('authorization');
    // The server of Digest has been told nothing by a redirect that led to it: the call began elsewhere.
    const back = await client.get(lead.url(`/redirect-to?url=${encodeURIComponent(server.url('/'))}`));
    expect(back.status).toBe(401);
    expect(back.attempts).toHaveLength(2);
  });

  it('works over HTTP/2 as well', async () => {
    await using server = await startServer('digest', { tls: true, http2: true });
    await using client = new Client({ tls: { ca: server.ca! }, auth: new DigestAuth('ada', 'lovelace') });
    const response = await client.get(server.url('/x?y'));
    expect([response.status, response.httpVersion]).toEqual([200, '2']);
    expect(server.digest).toMatchObject({ challenged: 1, admitted: 1 });
  });
});

describe('Basic over the network', () => {
  it('is sent at once, by every way of giving it', async () => {
    await using server = await startServer((request, response) => {
      request.resume();
      response.end(request.headers.authorization ?? 'none');
    });
    const expected = `Basic ${Buffer.from('a@b:pä:ss').toString('base64')}`;
    await using client = new Client();
    expect((await client.get(server.url('/'), { auth: ['a@b', 'pä:ss'] })).text()).toBe(expected);
    expect((await client.get(server.url('/').replace('//', '//a%40b:p%C3%A4%3Ass@'))).text()).toBe(expected);
    expect((await client.get(server.url('/'))).text()).toBe('none');
    expect(server.connections.accepted).toBe(1);
  });
});
