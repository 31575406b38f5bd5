import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { Client } from '../../src/client/client.ts';
import { InvalidOption } from '../../src/errors.ts';
import type { Request } from '../../src/request/request.ts';
import type { ClientOptions } from '../../src/client/client-options.ts';
import { defaultFields } from '../../src/request/fields/default-fields.ts';
import { ScriptedDispatcher, scripted } from '../scripted-dispatcher.ts';

describe('options', () => {
  it.each<[string, unknown]>([
    ['tmeout', { tmeout: 5 }],
    ['timeout.tota', { timeout: { tota: 5 } }],
    ['timeout', { timeout: '5' }],
    ['headers', { headers: 'a: b' }],
    ['headers', { headers: { a: {} } }],
    ['params', { params: { a: {} } }],
    ['signal', { signal: {} }],
    ['interceptors', { interceptors: [1] }],
    ['networkInterceptors', { networkInterceptors: () => {} }],
    ['dispatcher', { dispatcher: {} }],
    ['limits.max', { limits: { max: 5 } }],
    ['limits.maxConnections', { limits: { maxConnections: 0 } }],
    ['limits.maxConnectionsPerOrigin', { limits: { maxConnectionsPerOrigin: 1.5 } }],
    ['limits.keepAliveTimeout', { limits: { keepAliveTimeout: '5' } }],
    ['limits.maxBufferedBytes', { limits: { maxBufferedBytes: 0 } }],
    ['limits.maxConnectionAge', { limits: { maxConnectionAge: -1 } }],
    ['limits.maxRequestsPerConnection', { limits: { maxRequestsPerConnection: 0 } }],
    ['limits.maxIdleConnections', { limits: { maxIdleConnections: -1 } }],
    ['tls.rejectUnauthorised', { tls: { rejectUnauthorised: true } }],
    ['http2', { http2: 'yes' }],
    ['tls', { tls: {}, dispatcher: new ScriptedDispatcher() }],
    ['limits', { limits: {}, dispatcher: new ScriptedDispatcher() }],
    ['http2', { http2: true, dispatcher: new ScriptedDispatcher() }],
  ])('%s of the client is refused: %o', (option, options) => {
    expect(() => new Client(options as ClientOptions)).toThrow(expect.objectContaining({ name: 'InvalidOption', option }));
  });

  it.each<[string, unknown]>([
    ['timeot', { timeot: 5 }],
    ['timeout', { timeout: -5 }],
    ['signal', { signal: 'x' }],
    ['trace', { trace: 5 }],
    ['onInformational', { onInformational: 'x' }],
    ['onUploadProgress', { onUploadProgress: {} }],
    ['body', { json: 1, body: 'x' }],
    ['form', { json: 1, form: {} }],
    ['json', { json: 1n }],
    ['headers', { headers: { a: true } }],
    ['baseUrl', { baseUrl: 'http://a.example' }],
  ])('%s of a request is refused, and nothing sent: %o', async (option, options) => {
    const { client, dispatcher } = scripted();
    await expect(client.post('http://a.example/', options as { json: unknown })).rejects.toMatchObject({ name: 'InvalidOption', option });
    expect(dispatcher.requests).toHaveLength(0);
  });

  it.each([{ json: 1 }, { json: null }, { form: { a: 1 } }, { files: {} }, { body: 'x' }])(
    'of a body are refused where the verb has none: %j',
    async (options) => {
      const { client, dispatcher } = scripted();
      for (const verb of ['get', 'head'] as const) {
        const call = client[verb]('http://a.example/', options as object);
        await expect(call).rejects.toMatchObject({ name: 'InvalidOption', option: Object.keys(options)[0] });
        await expect(call).rejects.toThrow(/query\(\) or post\(\)/);
      }
      await client.get('http://a.example/', { body: undefined, json: undefined });
      await client.request('GET', 'http://a.example/', options);
      expect(dispatcher.requests).toHaveLength(2);
    },
  );

  it('are rejections, never exceptions, for what is asynchronous', async () => {
    const { client } = scripted();
    await expect(client.get('/relative')).rejects.toBeInstanceOf(InvalidOption);
    await expect(client.get(undefined as unknown as string)).rejects.toThrow(/"url" must be a string or a URL, not undefined/);
    await expect(client.stream('GET', '::')).rejects.toMatchObject({ option: 'url' });
    await expect(client.send('http://a.example/' as unknown as Request)).rejects.toBeInstanceOf(InvalidOption);
  });

  it('planted on Object.prototype do nothing', async () => {
    const planted = { json: { planted: 1 }, headers: { planted: '1' }, params: { planted: 1 }, baseUrl: 'http://evil.example', total: 1 };
    const prototype = Object.prototype as Record<string, unknown>;
    Object.assign(prototype, planted);
    try {
      const { client, dispatcher } = scripted({}, () => ({ headers: [], body: '' }));
      await client.get('http://a.example/', { timeout: {} });
      expect(dispatcher.last).toMatchObject({ url: ['http', 'a.example', null, '/'], headers: defaultFields, body: null });
      expect(dispatcher.last.context.deadline).toBeUndefined();
    } finally {
      for (const name of Object.keys(planted)) delete prototype[name];
    }
  });
});

describe('a client that is shown', () => {
  it('has no credentials', () => {
    const client = new Client({
      baseUrl: 'https://user:s3cret@api.example/',
      headers: { authorization: 'Bearer s3cret', cookie: 's3cret' },
      params: { key: 's3cret' },
      tls: { key: '-----BEGIN PRIVATE KEY-----s3cret', passphrase: 's3cret' },
    });
    expect(inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client)).not.toMatch(/s3cret|dXNlcj/);
    expect(inspect(client)).toContain("baseUrl: 'https://api.example/'");
  });
});
