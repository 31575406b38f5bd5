import { describe, expect, it } from 'vitest';

import { HTTPStatusError, InvalidOption, Request, type PageOptions, type Response } from '../../src/index.ts';
import { scripted, type Script } from '../scripted-dispatcher.ts';

const base = 'http://a.example';

/** Pages 1 to 3, each with a link to the next. */
const linked: Script = ({ url }) => {
  const page = Number(/page=(\d)/.exec(url[3])?.[1] ?? 1);
  return { body: String(page), headers: page === 3 ? [] : [['link', `</list?page=${page + 1}&size=2>; rel="next"`]] };
};

async function texts(pages: AsyncIterable<Response>): Promise<string[]> {
  const read: string[] = [];
  for await (const page of pages) read.push(page.text());
  return read;
}

describe('paginate', () => {
  it('follows the next links, and takes from them all of the query', async () => {
    const { client, dispatcher } = scripted({ baseUrl: base, params: { key: 'k' } }, linked);
    expect(await texts(client.paginate('/list', { params: { size: 2 }, headers: { 'x-a': '1' } }))).toEqual(['1', '2', '3']);
    expect(dispatcher.requests.map(({ url }) => url[3])).toEqual(['/list?key=k&size=2', '/list?page=2&size=2', '/list?page=3&size=2']);
    expect(dispatcher.requests.every(({ headers }) => headers.some(([name]) => name === 'x-a'))).toBe(true);
  });

  it('asks for a page when the loop comes to it', async () => {
    const { client, dispatcher } = scripted({}, linked);
    for await (const page of client.paginate(`${base}/list`)) {
      expect(page.status).toBe(200);
      break;
    }
    expect(dispatcher.requests).toHaveLength(1);
    expect(await texts(client.paginate(`${base}/list`, {}, { maxPages: 2 }))).toEqual(['1', '2']);
  });

  it('goes where a function says, with a request of its own too', async () => {
    const { client, dispatcher } = scripted({}, ({ url }) => ({ body: url[3] === '/c' ? '{}' : '{"next":"/b"}' }));
    const next: PageOptions['next'] = (page) => {
      if (page.url.endsWith('/b')) return new Request('POST', `${base}/c`, { json: { cursor: 1 } });
      return Promise.resolve(page.json<{ next?: string }>().next);
    };
    expect(await texts(client.paginate(`${base}/a`, {}, { next }))).toHaveLength(3);
    expect(dispatcher.requests.map(({ method, url }) => `${method} ${url[3]}`)).toEqual(['GET /a', 'GET /b', 'POST /c']);
  });

  it('leaves to another origin what is its own', async () => {
    const { client, dispatcher } = scripted({ baseUrl: base, auth: ['user', 'secret'], headers: { 'x-mine': '1' } }, (_, index) =>
      index === 0 ? { headers: [['link', '<http://evil.example/2>; rel=next']] } : {},
    );
    await texts(client.paginate('/1', { headers: { 'x-api-key': 'secret' } }));
    await texts(client.extend({ auth: ['user', 'secret'], baseUrl: null }).paginate(`${base}/1`, { auth: ['user', 'secret'] }));
    const [home, away] = dispatcher.requests.map(({ headers }) => headers.map(([name]) => name.toLowerCase()));
    expect(home).toEqual(expect.arrayContaining(['x-mine', 'x-api-key', 'authorization']));
    for (const name of ['x-mine', 'x-api-key', 'authorization']) expect(away).not.toContain(name);
    for (const request of dispatcher.requests)
      if (request.url[1] === 'evil.example') expect(JSON.stringify(request.headers)).not.toMatch(/secret|dXNlc/);
  });

  it('ends with a page that was there, and with one that is an error', async () => {
    const { client } = scripted({}, () => ({ headers: [['link', '</list>; rel=next']] }));
    await expect(texts(client.paginate(`${base}/list`))).rejects.toMatchObject({ code: 'PAGE_REPEATED' });
    const { client: failing } = scripted({}, () => ({ status: 500 }));
    await expect(texts(failing.paginate(`${base}/list`))).rejects.toBeInstanceOf(HTTPStatusError);
  });

  it('refuses what is no option', () => {
    const { client } = scripted({}, linked);
    expect(() => client.paginate(base, {}, { maxPages: 0 })).toThrow(InvalidOption);
    expect(() => client.paginate(base, {}, { next: 1 as never })).toThrow(InvalidOption);
    expect(() => client.paginate('no url')).toThrow(InvalidOption);
  });
});

describe('query', () => {
  it('is a safe request with content', async () => {
    const { client, dispatcher } = scripted({ retries: 1 }, (_, index) => ({
      status: index === 0 ? 302 : 200,
      headers: [['location', '/x']],
    }));
    await client.query(`${base}/search`, { json: { a: 1 } });
    expect(dispatcher.requests.map(({ method, url, body }) => [method, url[3], body !== null])).toEqual([
      ['QUERY', '/search', true],
      ['QUERY', '/x', true],
    ]);
  });
});
