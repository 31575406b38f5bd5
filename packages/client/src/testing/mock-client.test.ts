import { ConnectError } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { mockClient } from './mock-client.ts';

describe('a client over a mock', () => {
  it('is answered by a function', async () => {
    await using client = mockClient(
      async ({ method, url, headers, body }) => ({
        status: 201,
        headers: [['content-type', 'application/json']],
        body: JSON.stringify({ method, target: url[3], key: Object.fromEntries(headers)['key'], body: await body.text() }),
      }),
      { baseUrl: 'https://api.example/v1', headers: { key: '1' } },
    );
    const response = await client.post('/items', { json: [1] });
    expect(response.status).toBe(201);
    expect(response.json()).toEqual({ method: 'POST', target: '/v1/items', key: '1', body: '[1]' });
  });

  it('fails with what the function throws', async () => {
    const failure = new ConnectError('no route');
    await using client = mockClient(() => {
      throw failure;
    });
    await expect(client.get('http://a.example/')).rejects.toMatchObject({
      name: 'ConnectError',
      message: 'no route (GET http://a.example/)',
    });
  });

  it('fails with the very error of a failed assertion, and does not try it again', async () => {
    let calls = 0;
    const failure = new Error('expected 1 to be 2');
    await using client = mockClient(
      async () => {
        calls += 1;
        throw failure;
      },
      { retries: 2 },
    );
    await expect(client.get('http://a.example/')).rejects.toBe(failure);
    await expect(client.stream('GET', 'http://a.example/')).rejects.toBe(failure);
    expect(calls).toBe(2);
  });

  it('keeps limits and signals', async () => {
    await using client = mockClient(() => new Promise(() => {}));
    await expect(client.get('http://a.example/', { timeout: 20 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const controller = new AbortController();
    const pending = client.get('http://a.example/', { signal: controller.signal });
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('streams', async () => {
    await using client = mockClient(() => ({ status: 200, body: [Buffer.from('one'), Buffer.from('two')].values() }));
    await using response = await client.stream('GET', 'http://a.example/');
    const chunks: string[] = [];
    for await (const chunk of response) chunks.push(Buffer.from(chunk).toString());
    expect(chunks.join('')).toBe('onetwo');
  });

  it('has no network to configure', () => {
    expect(() => mockClient(() => ({ status: 200 }), { tls: {} } as object)).toThrow(InvalidOption);
  });
});
