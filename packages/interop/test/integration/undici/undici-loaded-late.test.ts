/** An undici that is loaded while a client is installed finds it, and has a dispatcher afterwards all the same: whatever it does with the global one. */
import { Client } from '@x/client';
import { install } from '@x/interop/undici';
import { startServer } from '@x/testbed';
import { expect, it, onTestFinished } from 'vitest';
import { isForUndici8, loadUndici, undiciNames } from './undici-versions.ts';

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

// What undici ≥ 7.30 is given it puts at the places of both generations, version 8 wrapped at one of them.
it.each(undiciNames.toReversed())('has %s set another dispatcher and put ours back, and comes off', async (name) => {
  await using server = await startServer('echo');
  await using client = new Client({ headers: { 'x-through': 'client' } });
  const seen = async (call: (url: string) => Promise<{ text(): Promise<string> }>): Promise<boolean> =>
    (await (await call(server.url('/'))).text()).includes('x-through');
  for (let round = 0; round < 2; round += 1) {
    const off = install(client);
    const { Agent, fetch: fetchOfNpm, getGlobalDispatcher, setGlobalDispatcher } = await loadUndici(name);
    const ours = getGlobalDispatcher();
    const agent = new Agent();
    onTestFinished(() => agent.close());
    setGlobalDispatcher(agent);
    expect(await seen((url) => fetchOfNpm(url))).toBe(false);
    setGlobalDispatcher(ours);
    expect([await seen((url) => fetchOfNpm(url)), await seen(fetch)]).toEqual([true, true]);
    off();
    expect([await seen((url) => fetchOfNpm(url)), await seen(fetch)]).toEqual([false, false]);
  }
});

it('hands handlers of one generation, behind interceptors, to an agent of the other', async () => {
  await using server = await startServer('echo');
  await using client = new Client({ headers: { 'x-through': 'client' } });
  const { Agent: Former, setGlobalDispatcher, getGlobalDispatcher: currentOfFormer } = await loadUndici('undici6');
  const before = currentOfFormer();
  const { interceptors, getGlobalDispatcher } = await import('undici7');
  const former = new Former();
  onTestFinished(async () => {
    setGlobalDispatcher(before);
    await former.close();
  });
  setGlobalDispatcher(former);
  const off = install(client);
  const retrying = getGlobalDispatcher().compose(interceptors.retry());
  off();
  const response = await fetch(server.url('/'), { dispatcher: retrying } as object);
  expect(await response.text()).not.toContain('x-through');
});
