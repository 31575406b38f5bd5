import { ConnectError } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { Client, InvalidOption, Retries } from '../index.ts';
import { mock, UnmatchedRequest, type MockAnswer, type MockRouteOptions } from './index.ts';

const baseUrl = 'https://api.example';

describe('a mock', () => {
  it('answers by its routes, the first that fits', async () => {
    const api = mock();
    api.get('/items/:id', ({ params }) => ({ json: { id: Number(params['id']) } }));
    api.get('*', { status: 404, body: 'nothing here', headers: { 'x-from': 'mock' } });
    api.post('/items', 201);
    await using client = api.client({ baseUrl });
    const item = await client.get('/items/7');
    expect(item.json()).toEqual({ id: 7 });
    expect(item.headers.get('content-type')).toBe('application/json');
    const missing = await client.get('/missing');
    expect([missing.status, missing.text(), missing.headers.get('x-from')]).toEqual([404, 'nothing here', 'mock']);
    expect((await client.post('/items', { json: {} })).status).toBe(201);
  });

  it('has standard methods in any case, and others as they are', async () => {
    const api = mock();
    api.on('post', '/items', 201);
    api.on('purge', '/items', 202);
    await using client = api.client({ baseUrl });
    expect((await client.post('/items')).status).toBe(201);
    expect((await client.request('purge', '/items')).status).toBe(202);
    await expect(client.request('PURGE', '/items')).rejects.toBeInstanceOf(UnmatchedRequest);
  });

  it('remembers what it was asked', async () => {
    const api = mock();
    const route = api.on('*', '/items', { status: 200, json: [] });
    await using client = api.client({ baseUrl });
    await client.post('/items', { params: { dry: true }, json: { name: 'pen' }, headers: { 'X-Call': '1' } });
    await client.put('/items', { body: 'text' });
    expect(api.calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST https://api.example/items?dry=true',
      'PUT https://api.example/items',
    ]);
    const [posted, put] = api.calls;
    expect(posted!.json()).toEqual({ name: 'pen' });
    expect(posted!.headers.get('x-call')).toBe('1');
    expect(posted!.query.get('dry')).toBe('true');
    expect(put!.text()).toBe('text');
    expect(route.calls).toEqual(api.calls);
    expect(posted!.route).toBe(route);
    expect(route.name).toBe('* /items');
  });

  it('refuses what no route is for, and nothing tries that again', async () => {
    const api = mock();
    api.get('/items/:id', 200, { times: 1 });
    api.post('/items', 201);
    await using client = api.client({ baseUrl, retries: new Retries(5) });
    await client.get('/items/1');
    const error: unknown = await client.get('/items/2', { params: { token: 's3cret' } }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UnmatchedRequest);
    expect(error).toMatchObject({ code: 'UNMATCHED_REQUEST' });
    expect((error as Error).message).toContain(
      'The mock has no route for GET https://api.example/items/2?token=[redacted]: it has GET /items/:id (used up), POST /items',
    );
    await expect(mock().client().get('http://a.example/')).rejects.toThrow('it has none');
    expect(api.calls).toHaveLength(2);
    expect(api.calls[1]!.route).toBeUndefined();
  });

  it('gives several answers one after the other', async () => {
    const api = mock();
    const down = new ConnectError('down');
    api.get('*', [503, down, () => new Error('strange'), { status: 200 }]);
    await using client = api.client({ baseUrl });
    expect((await client.get('/')).status).toBe(503);
    await expect(client.get('/')).rejects.toMatchObject({ name: 'ConnectError' });
    await expect(client.get('/')).rejects.toThrow(new Error('strange'));
    for (let round = 0; round < 2; round++) expect((await client.get('/')).status).toBe(200);
  });

  it('lets a test recover with retries', async () => {
    const api = mock();
    api.get('/flaky', [new ConnectError('down'), { body: 'up' }]);
    await using client = api.client({ baseUrl, retries: new Retries(1, { backoffFactor: 0 }) });
    expect((await client.get('/flaky')).text()).toBe('up');
    expect(api.calls).toHaveLength(2);
  });

  it('has conditions', async () => {
    const api = mock();
    api.post('/items', 409, { where: (call) => call.json<{ name: string }>().name === 'pen' });
    api.post('/items', 201, { times: 2 });
    await using client = api.client({ baseUrl });
    const statuses: number[] = [];
    for (const name of ['pen', 'ink', 'pen', 'nib']) statuses.push((await client.post('/items', { json: { name } })).status);
    expect(statuses).toEqual([409, 201, 409, 201]);
    await expect(client.post('/items', { json: { name: 'cap' } })).rejects.toBeInstanceOf(UnmatchedRequest);
  });

  it('says what was left undone', async () => {
    const api = mock();
    api.get('/a', 200);
    api.get('/b', 200, { times: 2 });
    api.get(/never/, 200);
    await using client = api.client({ baseUrl });
    await client.get('/a');
    await client.get('/b');
    await client.get('/d?token=s3cret').catch(() => {});
    expect(() => api.assertDone()).toThrow(
      'Routes that were not used: GET /b (1 calls), GET /never/ (0 calls). Requests without a route: GET https://api.example/d?token=[redacted]',
    );
    api.reset();
    expect([api.calls, api.routes]).toEqual([[], []]);
    expect(() => api.assertDone()).not.toThrow();
    api.get('/a', 200);
    await client.get('/a');
    expect(() => api.assertDone()).not.toThrow();
  });

  it('stands in for one origin, and lets redirects, cookies and streams be', async () => {
    const api = mock();
    api.get('/login', {
      status: 302,
      headers: [
        ['set-cookie', 'sid=1; Path=/'],
        ['location', 'https://app.example/home'],
      ],
    });
    api.get('/home', ({ headers }) => ({
      body: ['cookie: ', headers.get('cookie') ?? ''].map((text) => Buffer.from(text)).values(),
      trailers: [['t', '1']],
    }));
    await using client = new Client({ mounts: { 'https://app.example': api } });
    await using response = await client.stream('GET', 'https://app.example/login');
    expect(await response.text()).toBe('cookie: sid=1');
    expect(response.trailers?.get('t')).toBe('1');
    expect(api.calls).toHaveLength(2);
  });

  it('keeps limits and signals', async () => {
    const api = mock();
    let given: AbortSignal | undefined;
    api.get('*', (call) => {
      given = call.signal;
      return new Promise(() => {});
    });
    await using client = api.client({ baseUrl });
    await expect(client.get('/', { timeout: 20 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(given?.aborted).toBe(true);
  });

  it.each<[string, MockAnswer | readonly MockAnswer[], MockRouteOptions]>([
    ['no pattern', 200, {}],
    ['/', [], {}],
    ['/', 200, { times: 0 }],
    ['/', 200, { time: 1 } as MockRouteOptions],
  ])('refuses the route %s %o %o', (pattern, answer, options) => {
    expect(() => mock().get(pattern, answer, options)).toThrow(InvalidOption);
  });

  it.each<[MockAnswer]>([[{ json: 1, body: 'x' }], [{ stauts: 200 } as MockAnswer]])(
    'fails a call whose answer is none: %o',
    async (answer) => {
      const api = mock();
      api.get('*', answer);
      await expect(api.client().get('http://a.example/')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    },
  );
});
