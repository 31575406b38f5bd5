import { gzipSync } from 'node:zlib';

import { ConnectError } from '@x/httpcore';
import { describe, expect, it, vi } from 'vitest';

import { InvalidOption, Retries, RetryOnStatus, type RedirectEvent, type RetryEvent } from '../../src/index.ts';
import { scripted } from '../scripted-dispatcher.ts';

const url = 'http://a.example/';
const eager = new Retries(3, { limits: [new RetryOnStatus()], jitter: false, maxDelay: 1, lastResponse: 'return' });

describe('onRetry', () => {
  it('is told of a failure and of a status before each is sent again', async () => {
    const events: RetryEvent[] = [];
    const { client } = scripted({ retries: eager, context: { tenant: 'a' } }, (_, index) => {
      if (index === 0) throw new ConnectError('down');
      return { status: index === 1 ? 503 : 200 };
    });
    await client.get(url, {
      onRetry: (event, { data }) => {
        expect(data).toEqual({ tenant: 'a' });
        events.push(event);
      },
    });
    expect(
      events.map(({ retry, error, response, request }) => [retry, (error as Error | undefined)?.name, response?.status, request.url]),
    ).toEqual([
      [1, 'ConnectError', undefined, url],
      [2, undefined, 503, url],
    ]);
    expect(events.every(({ delay }) => delay >= 0)).toBe(true);
  });

  it('ends the call with what it throws; that of the call takes the place of the client’s', async () => {
    const failure = new Error('enough');
    const clients = vi.fn();
    const { client } = scripted({ retries: eager, onRetry: clients }, () => ({ status: 503 }));
    await expect(client.get(url, { onRetry: () => Promise.reject(failure) })).rejects.toBe(failure);
    expect(clients).not.toHaveBeenCalled();
    await client.get(url, { onRetry: null });
    expect(clients).not.toHaveBeenCalled();
    await client.get(url);
    expect(clients).toHaveBeenCalledTimes(3);
    expect(() => client.extend({ onRetry: 1 as never })).toThrow(InvalidOption);
  });
});

describe('onRedirect', () => {
  const twice = (_: unknown, index: number): object => (index < 2 ? { status: 302, headers: [['location', `/${index}`]] } : {});

  it('is told of each that is followed', async () => {
    const events: RedirectEvent[] = [];
    const { client } = scripted({ onRedirect: (event) => void events.push(event) }, twice);
    await client.get(url);
    expect(events.map(({ response, request }) => [response.url, response.status, request.url])).toEqual([
      [url, 302, `${url}0`],
      [`${url}0`, 302, `${url}1`],
    ]);
    events.length = 0;
    await client.get(url, { followRedirects: false });
    expect(events).toEqual([]);
  });

  it('can end the call', async () => {
    const failure = new Error('not there');
    const { client, dispatcher } = scripted({}, twice);
    const onRedirect = (): never => {
      throw failure;
    };
    await expect(client.get(url, { onRedirect })).rejects.toBe(failure);
    expect(dispatcher.requests).toHaveLength(1);
    expect(() => client.extend({ onRedirect: 'x' as never })).toThrow(InvalidOption);
  });
});

describe('onDownloadProgress', () => {
  const chunks = ['ab', 'cde'].map((text) => new TextEncoder().encode(text));

  it('is told of whole reads and of streams', async () => {
    const { client } = scripted({}, () => ({ headers: [['content-length', '5']], body: chunks }));
    const seen: unknown[] = [];
    const onDownloadProgress = (progress: unknown): void => void seen.push(progress);
    expect((await client.get(url, { onDownloadProgress })).text()).toBe('abcde');
    await using streamed = await client.stream('GET', url, { onDownloadProgress });
    expect(await streamed.text()).toBe('abcde');
    const once = [
      { received: 2, total: 5 },
      { received: 5, total: 5 },
    ];
    expect(seen).toEqual([...once, ...once]);
  });

  it('counts content, whose length nobody knows where it is coded', async () => {
    const { client } = scripted({}, () => ({ headers: [['content-encoding', 'gzip']], body: gzipSync('x'.repeat(100)) }));
    const seen: unknown[] = [];
    await client.get(url, { retries: 1, onDownloadProgress: (progress) => void seen.push(progress) });
    expect(seen.at(-1)).toEqual({ received: 100, total: undefined });
  });

  it('ends the call with what it throws, and must be a function', async () => {
    const { client } = scripted({}, () => ({ body: chunks }));
    const failure = new Error('stop');
    const onDownloadProgress = (): never => {
      throw failure;
    };
    await expect(client.get(url, { onDownloadProgress })).rejects.toBe(failure);
    await expect(client.get(url, { onDownloadProgress: 1 as never })).rejects.toBeInstanceOf(InvalidOption);
  });
});
