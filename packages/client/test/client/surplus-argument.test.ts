import { Readable } from 'node:stream';

import { expect, it } from 'vitest';

import { type Client, delete as remove, get, head, options, patch, post, put, query, request } from '../../src/index.ts';
import { mockClient } from '../../src/testing/mock-client.ts';

type Verb = (...given: unknown[]) => Promise<unknown>;

const client: Client = mockClient(() => ({ status: 200 }));
const surplus = { name: 'InvalidOption', option: 'options', message: expect.stringContaining('post(url, { json: … })') as string };
const verbs = ['get', 'head', 'options', 'post', 'put', 'patch', 'delete', 'query'] as const;

it.each(verbs)('%s(url, data, config) is told, also where the data is nothing', async (verb) => {
  const call = client[verb].bind(client) as Verb;
  for (const data of [undefined, null, {}]) {
    await expect(call('http://a.example/', data, { headers: { a: '1' } })).rejects.toMatchObject({ name: 'InvalidOption' });
  }
  await expect(call('http://a.example/', undefined, {})).rejects.toMatchObject(surplus);
  await expect(call('http://a.example/', undefined)).resolves.toMatchObject({ status: 200 });
});

it.each<[string, unknown]>(Object.entries({ get, head, options, post, put, patch, remove, query }))(
  'so does %s() without a client of its own',
  async (_, verb) => {
    await expect((verb as Verb)('http://a.example/', undefined, {})).rejects.toMatchObject(surplus);
  },
);

it('request() has one more', async () => {
  await expect((client.request.bind(client) as Verb)('POST', 'http://a.example/', undefined, {})).rejects.toMatchObject(surplus);
  await expect((request as Verb)('POST', 'http://a.example/', undefined, {})).rejects.toMatchObject(surplus);
});

it('what was given to be sent is let go of', async () => {
  const body = new Readable({ read() {} });
  await expect((client.post.bind(client) as Verb)('http://a.example/', { body }, {})).rejects.toMatchObject(surplus);
  expect(body.destroyed).toBe(true);
});
