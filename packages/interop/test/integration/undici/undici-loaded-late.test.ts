/** An undici that is loaded while a client is installed finds it, and has a dispatcher afterwards all the same. */
import { Client } from '@x/client';
import { install } from '@x/interop/undici';
import { startServer } from '@x/testbed';
import { expect, it } from 'vitest';
import { isForUndici8, loadUndici } from './undici-versions.ts';

const symbol = Symbol.for('undici.globalDispatcher.2');

it('leaves no trace where nobody looked', () => {
  void globalThis.Headers;
  const before = Object.getOwnPropertyDescriptor(globalThis, symbol);
  install(new Client())();
  expect(Object.getOwnPropertyDescriptor(globalThis, symbol)).toEqual(before);
});

it.runIf(isForUndici8)('serves undici 8 during and after', async () => {
  await using server = await startServer('echo');
  await using client = new Client({ headers: { 'x-through': 'client' } });
  const off = install(client);
  const undici = await loadUndici('undici8');
  expect(await (await undici.fetch(server.url('/'))).text()).toContain('x-through');
  off();
  const { statusCode, body } = await undici.request(server.url('/'), { method: 'POST', body: 'after' });
  const text = await body.text();
  expect(statusCode).toBe(200);
  expect(text).toContain('after');
  expect(text).not.toContain('x-through');
  await expect(undici.request('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
