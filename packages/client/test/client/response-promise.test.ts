import { describe, expect, it } from 'vitest';

import { HTTPStatusError, type StandardSchema } from '../../src/index.ts';
import { mockClient } from '../../src/testing/index.ts';

const url = 'http://a.example/';
const client = mockClient(({ url: [, , , path] }) => {
  if (path === '/broken') throw new Error('broken');
  if (path === '/missing') return { status: 404, body: '{"error":"none"}' };
  return { status: 200, headers: [['content-type', 'text/plain']], body: '{"a":"ü"}\n[1]\n' };
});

describe('the promise of a response', () => {
  it('can be asked for what the response has', async () => {
    expect(await client.get(`${url}missing`).json()).toEqual({ error: 'none' });
    expect(await client.get(url).text()).toBe('{"a":"ü"}\n[1]\n');
    expect(await client.get(url).text('latin1')).toContain('Ã¼');
    expect(Buffer.from(await client.get(url).bytes()).toString()).toContain('ü');
    expect((await client.get(url).blob()).type).toBe('text/plain');
    const lines: string[] = [];
    for await (const line of client.get(url).lines()) lines.push(line);
    expect(lines).toEqual(['{"a":"ü"}', '[1]']);
    const schema: StandardSchema<number> = { '~standard': { version: 1, vendor: 'test', validate: () => ({ value: 7 }) } };
    expect(await client.get(`${url}missing`).json(schema)).toBe(7);
  });

  it('raises for a status, and goes on', async () => {
    await expect(client.get(`${url}missing`).raiseForStatus()).rejects.toThrow(HTTPStatusError);
    await expect(client.get(`${url}missing`).raiseForStatus().json()).rejects.toThrow(HTTPStatusError);
    expect((await client.get(url).raiseForStatus()).status).toBe(200);
    expect(await client.get(url).raiseForStatus().text()).toContain('[1]');
  });

  it('is a promise as any other', async () => {
    const promise = client.get(url);
    expect(promise).toBeInstanceOf(Promise);
    expect(Object.getPrototypeOf(promise)).toBe(Promise.prototype);
    expect((await Promise.all([promise, promise])).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('leaves no rejection behind when what was asked of it is handled', async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    try {
      await expect(client.get(`${url}broken`).json()).rejects.toThrow('broken');
      await expect(client.get(`${url}broken`).raiseForStatus().lines().next()).rejects.toThrow('broken');
      await expect(client.get(`${url}missing`).raiseForStatus().text()).rejects.toThrow('404');
      await expect(client.send({} as never).json()).rejects.toThrow('must be a Request');
      void client.get(`${url}broken`).lines();
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', listener);
    }
    expect(unhandled).toEqual([]);
  });
});
