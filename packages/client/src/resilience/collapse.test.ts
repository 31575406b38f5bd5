import { Aborted, DeadlineExceeded } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { scripted, type Script } from '../../test/scripted-dispatcher.ts';
import type { CommonClientOptions } from '../client/client-options.ts';
import { collapse, type CollapseOptions } from './collapse.ts';

function collapsing(options: CollapseOptions = {}, script?: Script, more: CommonClientOptions = {}) {
  const shared = collapse(options);
  return { shared, ...scripted({ networkInterceptors: [shared], ...more }, script) };
}

const url = 'http://a.example/';
const text: Script = () => ({ headers: [['x-n', '1']], body: 'body' });

describe('collapsed calls', () => {
  it('share one request, and each has a response of its own', async () => {
    const { client, dispatcher, shared } = collapsing({}, text);
    const responses = await Promise.all([1, 2, 3].map(() => client.get(url)));
    expect(dispatcher.requests).toHaveLength(1);
    expect(responses.map((response) => [response.status, response.headers.get('x-n'), response.text()])).toEqual([
      [200, '1', 'body'],
      [200, '1', 'body'],
      [200, '1', 'body'],
    ]);
    const [one, other] = responses.map((response) => response.bytes());
    structuredClone(one, { transfer: [one!.buffer] });
    expect(other).toHaveLength(4);
    expect(shared.stats()).toEqual({ sent: 1, shared: 2, alone: 0 });
    await client.get(url);
    expect(dispatcher.requests).toHaveLength(2);
  });

  it('are equal in URL, fields, credentials and settings; a signal or a limit in time makes no difference', async () => {
    const count = async (...calls: readonly object[]): Promise<number> => {
      const { client, dispatcher } = collapsing({}, text);
      await Promise.all(calls.map((options) => client.get(url, options)));
      return dispatcher.requests.length;
    };
    expect(await count({}, { params: { a: 1 } })).toBe(2);
    expect(await count({ headers: { accept: 'a' } }, { headers: { accept: 'b' } })).toBe(2);
    expect(await count({ auth: ['a', 'b'] }, { auth: ['a', 'c'] }, {})).toBe(3);
    expect(await count({ maxRedirects: 3 }, {})).toBe(2);
    expect(await count({ maxResponseBytes: 10 }, {})).toBe(2);
    expect(await count({ signal: new AbortController().signal }, { timeout: 1000 }, {})).toBe(1);
  });

  it('are those of safe methods that read their response whole', async () => {
    const { client, dispatcher } = collapsing({}, text);
    await Promise.all([client.post(url), client.post(url)]);
    await Promise.all([client.query(url, { body: 'x' }), client.query(url, { body: 'x' })]);
    expect(dispatcher.requests).toHaveLength(4);
    const streams = await Promise.all([client.stream('GET', url), client.stream('GET', url)]);
    expect(await Promise.all(streams.map((response) => response.text()))).toEqual(['body', 'body']);
    expect(dispatcher.requests).toHaveLength(6);
    await Promise.all([client.head(url), client.head(url)]);
    expect(dispatcher.requests).toHaveLength(7);
  });

  it('send their own request when the first one fails, or is aborted', async () => {
    const failing = collapsing({}, (_, index) => (index === 0 ? Promise.reject(new Error('reset')) : { body: 'body' }));
    const settled = await Promise.allSettled([1, 2, 3].map(() => failing.client.get(url)));
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(failing.shared.stats()).toEqual({ sent: 3, shared: 0, alone: 2 });

    const cut = collapsing({}, (_, index) => (index === 0 ? { body: 'bo', bodyError: new Error('cut') } : { body: 'body' }));
    const halves = await Promise.allSettled([1, 2].map(() => cut.client.get(url).text()));
    expect(halves.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);

    const leaving = new AbortController();
    const aborted = collapsing({}, ({ context }, index) =>
      index > 0
        ? { body: 'body' }
        : new Promise((_, reject) => context.signal!.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    const first = aborted.client.get(url, { signal: leaving.signal }).catch((error: Error) => error.message);
    const second = aborted.client.get(url).text();
    leaving.abort();
    await expect(second).resolves.toBe('body');
    await expect(first).resolves.toBe('aborted');
  });

  it.each([
    ['by its signal', new Aborted('aborted')],
    ['since its time is over', new DeadlineExceeded('too late')],
  ])('are sent once more, and not by each, when the first one is given up %s', async (_, error) => {
    let end: () => void = () => {};
    const { client, dispatcher, shared } = collapsing({}, (_request, index) =>
      index > 0 ? { body: 'body' } : new Promise((_resolve, reject) => (end = () => reject(error))),
    );
    const leaving = new AbortController();
    const first = client.get(url, { signal: leaving.signal }).catch((failure: Error) => failure.name);
    const others = Array.from({ length: 20 }, () => client.get(url).text());
    await new Promise((resolve) => void setImmediate(resolve));
    if (error instanceof Aborted) leaving.abort();
    end();
    expect(await Promise.all(others)).toEqual(others.map(() => 'body'));
    expect(await first).toBe(error.name);
    expect(dispatcher.requests).toHaveLength(2);
    expect(shared.stats()).toEqual({ sent: 2, shared: 19, alone: 0 });
  });

  it('end by themselves, and leave the request to the others', async () => {
    let answer: () => void = () => {};
    const { client, dispatcher } = collapsing({}, () => new Promise((resolve) => (answer = () => resolve({ body: 'body' }))));
    const leaving = new AbortController();
    const first = client.get(url).text();
    const second = client.get(url, { signal: leaving.signal }).catch((error: Error) => error.name);
    leaving.abort();
    expect(await second).toBe('Aborted');
    answer();
    expect(await first).toBe('body');
    expect(dispatcher.requests).toHaveLength(1);
  });

  it.each([
    ['of told length', [['content-length', '20']] as const],
    ['of unknown length', [] as const],
  ])('read a long body %s by themselves', async (_, headers) => {
    const chunks = ['0123456789', 'abcdefghij'].map((chunk) => Buffer.from(chunk));
    const { client, shared } = collapsing({ maxBytes: 15 }, () => ({ headers, body: chunks }));
    const texts = await Promise.all([1, 2, 3].map(() => client.get(url).text()));
    expect(texts).toEqual(Array.from({ length: 3 }, () => '0123456789abcdefghij'));
    expect(shared.stats()).toEqual({ sent: 3, shared: 0, alone: 2 });
  });

  it('keep the trailers', async () => {
    const { client } = collapsing({}, () => ({ body: 'body', trailers: [['digest', 'x']] }));
    const responses = await Promise.all([client.get(url), client.get(url)]);
    expect(responses.map(({ trailers }) => trailers?.get('digest'))).toEqual(['x', 'x']);
  });

  it('share redirects and retries too, where the interceptor is the outermost', async () => {
    const shared = collapse();
    const { client, dispatcher } = scripted({ interceptors: [shared], retries: 1 }, (_, index) =>
      index === 0 ? { status: 302, headers: [['location', '/next']] } : { body: 'body' },
    );
    expect(await Promise.all([1, 2].map(() => client.get(url, {}).text()))).toEqual(['body', 'body']);
    expect(dispatcher.requests).toHaveLength(2);
  });

  it('are a thousand at most', async () => {
    const { client, dispatcher } = collapsing({ maxSharing: 2 }, text);
    await Promise.all([1, 2, 3, 4].map(() => client.get(url)));
    expect(dispatcher.requests).toHaveLength(3);
  });

  it.each([
    [{ maxBytes: -1 }, 'maxBytes'],
    [{ maxSharing: 0 }, 'maxSharing'],
    [{ max: 1 }, 'max'],
  ])('refuse %j by name', (options, option) => {
    expect(() => collapse(options as CollapseOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', option }));
  });
});
