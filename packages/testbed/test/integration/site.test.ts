import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { seededDigest, startServer } from '../../src/index.ts';
import { bodyOf, exchange } from './wire.ts';

const statusOf = (answer: string): number => Number(answer.split(' ')[1]);
const header = (answer: string, name: string): string[] =>
  [...answer.matchAll(new RegExp(`^${name}: (.*)\r$`, 'gimu'))].map((match) => match[1] ?? '');

test('a site has a page for each behaviour', async () => {
  await using server = await startServer('site');
  expect(bodyOf(await exchange(server, 'GET / HTTP/1.1'))).toBe('hello world');
  expect(bodyOf(await exchange(server, 'GET /echo?a HTTP/1.1'))).toContain('"target":"/echo?a"');
  expect(bodyOf(await exchange(server, 'POST /echo/raw HTTP/1.1\r\nContent-Length: 2', 'hi'))).toBe('hi');
  expect(JSON.parse(bodyOf(await exchange(server, 'GET /json HTTP/1.1')))).toMatchObject({ name: 'testbed' });
  expect(bodyOf(await exchange(server, 'PUT /upload HTTP/1.1\r\nContent-Length: 2', 'hi'))).toContain('"bytes":2');
  expect(statusOf(await exchange(server, 'GET /constructor HTTP/1.1'))).toBe(404);
  const bytes = bodyOf(await exchange(server, 'GET /bytes/5000?seed=x&framing=close HTTP/1.1'));
  expect(createHash('sha256').update(bytes, 'latin1').digest('hex')).toBe(seededDigest('x', 5000));
});

describe('status', () => {
  test('answers what the path says', async () => {
    await using server = await startServer('status');
    expect(bodyOf(await exchange(server, 'GET /503 HTTP/1.1'))).toBe('status 503');
    const notModified = await exchange(server, 'GET /status/304 HTTP/1.1');
    expect(header(notModified, 'Content-Length')).toEqual(['11']);
    expect(bodyOf(notModified)).toBe('');
    expect(bodyOf(await exchange(server, 'GET /204 HTTP/1.1'))).toBe('');
    const head = await exchange(server, 'HEAD /200 HTTP/1.1');
    expect(header(head, 'Content-Length')).toEqual(['10']);
    expect(bodyOf(head)).toBe('');
  });
});

describe('redirect', () => {
  test('counts its hops down to the echo', async () => {
    await using server = await startServer('redirect');
    const first = await exchange(server, 'GET /redirect/2?status=307 HTTP/1.1');
    expect([statusOf(first), header(first, 'Location')]).toEqual([307, ['/redirect/1?status=307']]);
    expect(header(await exchange(server, 'GET /redirect/1 HTTP/1.1'), 'Location')).toEqual(['/echo']);
    expect(bodyOf(await exchange(server, 'GET /echo HTTP/1.1'))).toContain('"target":"/echo"');
  });

  test('leads anywhere, or in circles', async () => {
    await using server = await startServer('redirect');
    const away = await exchange(server, 'GET /redirect-to?url=http%3A%2F%2Fa.test%2F&status=308 HTTP/1.1');
    expect([statusOf(away), header(away, 'Location')]).toEqual([308, ['http://a.test/']]);
    expect(header(await exchange(server, 'GET /loop HTTP/1.1'), 'Location')).toEqual(['/loop']);
  });
});

test('login opens the account to whoever has the session, until logout', async () => {
  await using server = await startServer('login');
  const post = (form: string): Promise<string> => exchange(server, `POST /login HTTP/1.1\r\nContent-Length: ${form.length}`, form);
  expect(statusOf(await post('user=ada&password=wrong'))).toBe(401);
  expect(statusOf(await exchange(server, 'GET /account HTTP/1.1'))).toBe(401);
  const welcome = await post('user=ada&password=lovelace');
  expect([statusOf(welcome), header(welcome, 'Location')]).toEqual([303, ['/account']]);
  const cookies = header(welcome, 'Set-Cookie');
  expect(cookies).toHaveLength(2);
  const cookie = `Cookie: ${cookies.map((value) => value.split(';')[0]).join('; ')}`;
  expect(bodyOf(await exchange(server, `GET /account HTTP/1.1\r\n${cookie}`))).toContain('"user":"ada"');
  await exchange(server, `POST /logout HTTP/1.1\r\n${cookie}`);
  expect(statusOf(await exchange(server, `GET /account HTTP/1.1\r\n${cookie}`))).toBe(401);
});
