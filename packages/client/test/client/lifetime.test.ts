import { getEventListeners } from 'node:events';

import { Aborted } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { Client } from '../../src/client/client.ts';
import { ClientClosed, InvalidOption } from '../../src/errors.ts';
import { Headers } from '../../src/request/fields/headers.ts';
import { defaultFields } from '../../src/request/fields/default-fields.ts';
import { ScriptedDispatcher, type Script, scripted } from '../scripted-dispatcher.ts';

const sent = (dispatcher: ScriptedDispatcher): Headers => new Headers(dispatcher.last.headers);

describe('signals', () => {
  it('of the client and of the request both abort', async () => {
    const clientWide = new AbortController();
    const own = new AbortController();
    const { client, dispatcher } = scripted({ signal: clientWide.signal });
    await client.get('http://a.example/', { signal: own.signal });
    const joined = dispatcher.last.context.signal!;
    expect(joined.aborted).toBe(false);
    expect(getEventListeners(clientWide.signal, 'abort')).toHaveLength(0);
    expect(getEventListeners(own.signal, 'abort')).toHaveLength(0);

    let during: AbortSignal | undefined;
    const aborting = new ScriptedDispatcher(({ context }) => {
      during = context.signal;
      clientWide.abort('enough');
      return {};
    });
    await new Client({ dispatcher: aborting, signal: clientWide.signal }).get('http://a.example/', { signal: own.signal });
    expect(during!.reason).toBe('enough');
  });

  it('of the client are left out by null', async () => {
    const { client, dispatcher } = scripted({ signal: AbortSignal.abort('before') });
    await client.get('http://a.example/', { signal: null });
    expect(dispatcher.last.context.signal!.aborted).toBe(false);
    await client.get('http://a.example/');
    expect(dispatcher.last.context.signal!.reason).toBe('before');
  });

  it('stay joined until a stream has ended, and no longer', async () => {
    const own = new AbortController();
    const { client } = scripted({}, () => ({ body: 'x' }));
    const response = await client.stream('GET', 'http://a.example/', { signal: own.signal });
    expect(getEventListeners(own.signal, 'abort')).toHaveLength(1);
    await response.close();
    expect(getEventListeners(own.signal, 'abort')).toHaveLength(0);
  });
});

describe('extend()', () => {
  it('lays options over options', async () => {
    const { client, dispatcher } = scripted({
      baseUrl: 'http://a.example/v1',
      headers: { a: '1', b: '1' },
      params: { p: 1 },
      timeout: { read: 5 },
    });
    const extended = client.extend({ baseUrl: 'admin', headers: { b: '2', c: '3' }, params: { q: 2 }, timeout: { connect: 7 } });
    await extended.get('x');
    expect(dispatcher.last.url[3]).toBe('/v1/admin/x?p=1&q=2');
    expect(sent(dispatcher).toJSON()).toMatchObject({ a: '1', b: '2', c: '3' });
    expect(dispatcher.last.timeouts).toEqual([7, 5, 60_000, 30_000]);
    await client.extend({ headers: null, params: null, baseUrl: null, timeout: null }).get('http://b.example/');
    expect(dispatcher.last).toMatchObject({
      url: ['http', 'b.example', null, '/'],
      headers: defaultFields,
      timeouts: [null, null, null, null],
    });
  });

  it('hands nothing of one origin to another', async () => {
    const { client, dispatcher } = scripted({
      baseUrl: 'http://u:s3cret@a.example/',
      headers: { key: 's3cret', accept: 'text/html' },
      params: { p: 's3cret' },
    });
    for (const baseUrl of ['http://b.example/', null]) {
      await client.extend({ baseUrl, headers: { own: '1' } }).get('http://b.example/x');
      expect(JSON.stringify([dispatcher.last.url, dispatcher.last.headers])).not.toMatch(/s3cret|uthorization/);
      expect(sent(dispatcher).toJSON()).toMatchObject({ accept: 'text/html', own: '1' });
    }
  });

  it('gives a client that had no baseUrl one, with all its headers', async () => {
    const { client, dispatcher } = scripted({ headers: { key: '1' } });
    await client.extend({ baseUrl: 'http://u:p@a.example/' }).get('x');
    expect(sent(dispatcher).toJSON()).toMatchObject({ key: '1', authorization: '[redacted]' });
  });

  it('of a client over a dispatcher never opens connections by the way', () => {
    const { client } = scripted();
    for (const options of [{ tls: {} }, { limits: {} }, { http2: true }]) expect(() => client.extend(options)).toThrow(InvalidOption);
    expect(() => client.extend({ dispatcher: null, limits: { maxConnections: 1 } })).not.toThrow();
  });
});

describe('closing', () => {
  it('lets running requests end, takes no new ones, and leaves a given dispatcher open', async () => {
    let answer: () => void = () => {};
    const { client, dispatcher } = scripted({}, () => new Promise((resolve) => (answer = () => resolve({ body: 'late' }))));
    const running = client.get('http://a.example/');
    await null;
    const closing = client.close();
    expect(client.close()).toBe(closing);
    expect(client.state).toBe('closing');
    await expect(client.get('http://a.example/')).rejects.toThrow(ClientClosed);
    await expect(client.stream('GET', 'http://a.example/')).rejects.toThrow(/client is closing/);
    expect(() => client.extend({})).toThrow(ClientClosed);
    answer();
    expect((await running).text()).toBe('late');
    await closing;
    expect(client.state).toBe('closed');
    await expect(client.get('http://a.example/')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(dispatcher.closed).toBe(false);
  });

  it('by destroy() aborts what runs, of extended clients too', async () => {
    const signals: AbortSignal[] = [];
    const hang: Script = ({ context }) => {
      signals.push(context.signal!);
      return new Promise((_, reject) =>
        context.signal!.addEventListener('abort', () => reject(new Aborted('x', { cause: context.signal!.reason }))),
      );
    };
    const { client } = scripted({}, hang);
    const extended = client.extend({});
    const running = [client.get('http://a.example/'), extended.get('http://a.example/')];
    const outcomes = Promise.allSettled(running);
    await null;
    await client.destroy();
    await client.destroy();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'Aborted', cause: { name: 'ClientClosed' } } });
    }
    expect(client.state).toBe('closed');
    expect(extended.state).toBe('closed');
    await client.close();
  });

  it('of an extended client leaves the one that it extends open', async () => {
    const { client } = scripted();
    const extended = client.extend({});
    await extended.close();
    expect(extended.state).toBe('closed');
    expect((await client.get('http://a.example/')).status).toBe(200);
    const other = client.extend({});
    await client.close();
    await expect(other.get('http://a.example/')).rejects.toThrow(ClientClosed);
  });

  it('comes with the end of a scope', async () => {
    let outer: Client;
    {
      await using client = new Client();
      outer = client;
    }
    expect(outer.state).toBe('closed');
  });
});

describe('a client without a dispatcher', () => {
  it('shares its connections with those that extend it, unless they want others', async () => {
    await using client = new Client({ limits: { maxConnections: 3 } });
    expect(client.extend({ headers: { a: '1' } })).toBeInstanceOf(Client);
    await using other = client.extend({ limits: { maxConnectionsPerOrigin: null } });
    await client.close();
    expect(other.state).toBe('open');
  });
});
