import { mockDispatcher } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { Client } from '../../src/index.ts';
import { scripted, ScriptedDispatcher } from '../scripted-dispatcher.ts';

const answering = (text: string): ReturnType<typeof mockDispatcher> => mockDispatcher(() => ({ status: 200, body: text }));
const silent = (): ReturnType<typeof mockDispatcher> => mockDispatcher(() => new Promise(() => {}));

describe('a client with mounts', () => {
  it('goes each its way, on every hop', async () => {
    const moved = mockDispatcher(() => ({ status: 302, headers: [['location', 'http://new.test/']] }));
    await using client = new Client({ mounts: { 'http://old.test': moved, 'http://new.test': answering('new') } });
    const response = await client.get('http://old.test/');
    expect(response.text()).toBe('new');
    expect(response.history).toHaveLength(1);
  });

  it('inherits and overlays them', async () => {
    const { client, dispatcher } = scripted({ mounts: { 'http://a.test': answering('a'), 'http://b.test': answering('b') } });
    const child = client.extend({ mounts: { 'http://a.test': answering('other'), 'http://b.test': null } });
    expect((await client.get('http://a.test/')).text()).toBe('a');
    expect((await child.get('http://a.test/')).text()).toBe('other');
    expect((await client.extend({}).get('http://b.test/')).text()).toBe('b');
    await child.get('http://b.test/');
    await client.extend({ mounts: null }).get('http://a.test/');
    expect(dispatcher.requests.map(({ url }) => url[1])).toEqual(['b.test', 'a.test']);
  });

  it('does not close what is mounted', async () => {
    const mounted = new ScriptedDispatcher();
    const client = new Client({ mounts: { 'all://': mounted } });
    await client.get('http://a.test/');
    await client.close();
    expect(mounted.closed).toBe(false);
  });

  it('that is destroyed ends the calls there, also those of clients that extend it', async () => {
    const client = new Client({ mounts: { 'http://a.test': silent() } });
    const plain = new Client();
    const child = plain.extend({ mounts: { 'http://b.test': silent() } });
    const calls = [
      client.get('http://a.test/'),
      client.extend({}).get('http://a.test/'),
      child.get('http://b.test/'),
      child.extend({}).get('http://b.test/'),
    ];
    const settled = Promise.allSettled(calls);
    await client.destroy();
    await plain.destroy();
    for (const outcome of await settled) expect(outcome).toMatchObject({ reason: { code: 'ABORTED', cause: { code: 'CLIENT_CLOSED' } } });
  });

  it('refuses what is no pattern before anything else', () => {
    expect(() => new Client({ mounts: { 'a.test': silent() } })).toThrow(/"mounts" has a pattern that is none: "a\.test"/);
  });
});
