/**
 * Libraries by each way there is for them. That their requests came by the client shows in a field that it adds, and in what its interceptor saw.
 * The table in the guide is made from what is tested here: `UPDATE_TABLES=1` writes it anew.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { Client } from '@x/client';
import { startServer } from '@x/testbed';
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Answers } from './answers.ts';
import { libraries, type CallName, type Calls, type Library } from './libraries.ts';
import { by, type Way } from './ways.ts';

const seen: string[] = [];
const client = new Client({
  headers: { 'x-through': 'client' },
  interceptors: [
    async (request, _, next) => {
      const response = await next(request);
      if (response.timings.total >= 0) seen.push(request.method);
      return response;
    },
  ],
});
const answers = new Answers();
let server: Awaited<ReturnType<Answers['start']>>;
beforeAll(async () => {
  server = await answers.start();
});
beforeEach(() => {
  seen.length = 0;
  answers.asked.length = 0;
});
afterAll(async () => {
  await client.destroy();
  await server.close();
});

/** What each call is to read. */
const wanted: Readonly<Record<'get' | 'json' | 'stream' | 'upload', RegExp>> = {
  get: /\/a\b|Hello|"id":1|cus_1/,
  json: /\{\\"a\\":1\}|Hello|"id":1|cus_1|3/,
  stream: /Hel.*lo/s,
  upload: /uploaded|"bytes":|httpStatusCode":200/,
};

function callsOf(library: Library, way: Way): Calls {
  return library.open({ way, fetch: globalThis.fetch, client, origin: 'http://127.0.0.1:1' });
}

const names: readonly CallName[] = ['get', 'json', 'stream', 'upload', 'abort', 'error'];

for (const library of libraries) {
  describe(library.name, () => {
    for (const way of library.ways) {
      it.each(names.filter((name) => hasCall(library, way, name)))(`by ${way}: %s`, async (name) => {
        const isSeen = library.isSeen && !(library.name === 'axios' && way === 'adapter');
        await by(way, client, async (fetch) => {
          const calls = library.open({ way, fetch, client, origin: server.origin });
          try {
            if (name === 'abort') {
              const controller = new AbortController();
              answers.onHang = () => controller.abort();
              await expect(calls.abort!(controller.signal)).rejects.toBeInstanceOf(Error);
              expect(answers.asked).toHaveLength(1);
            } else if (name === 'error') {
              await expect(calls.error!()).rejects.toBeInstanceOf(Error);
            } else {
              expect(JSON.stringify(await calls[name]!())).toMatch(wanted[name]);
              expect(answers.asked).toHaveLength(1);
              expect(seen).toHaveLength(isSeen ? 1 : 0);
            }
            for (const { through } of answers.asked) expect(through).toBe(isSeen ? 'client' : undefined);
          } finally {
            calls.end?.();
          }
        });
      });
    }
  });
}

function hasCall(library: Library, way: Way, name: CallName): boolean {
  const calls = callsOf(library, way);
  calls.end?.();
  return calls[name] !== undefined;
}

const guide = new URL('../../../../../apps/docs/interop/recipes.md', import.meta.url);
const [begin, end] = ['<!-- what is tested: written by recipes.test.ts -->', '<!-- end -->'];
const waysAre: readonly Way[] = ['install', 'fetch', 'adapter'];

it('the table in the guide says what is tested', async () => {
  const rows = libraries.map((library) => {
    const cells = names.map((name) => (library.ways.some((way) => hasCall(library, way, name)) ? 'yes' : '–'));
    const seenBy = library.ways.filter((way) => library.isSeen && !(library.name === 'axios' && way === 'adapter'));
    const trace = seenBy.length === 0 ? 'connections' : seenBy.length === library.ways.length ? 'yes' : `yes; by its adapter, connections`;
    return [library.name, waysAre.filter((way) => library.ways.includes(way)).join(', '), ...cells, trace];
  });
  const head = ['library', 'ways', 'GET', 'JSON', 'stream', 'upload', 'abort', 'error', 'seen by the client'];
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length), title.length));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const table = [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
  const text = await readFile(guide, 'utf8');
  const [before, rest = ''] = text.split(begin, 2) as [string, string?];
  const [present, after] = rest.split(end, 2) as [string, string?];
  if (process.env['UPDATE_TABLES'] === '1') await writeFile(guide, `${before}${begin}\n\n${table}\n\n${end}${after}`);
  else expect(present.trim()).toBe(table);
});

describe('aws4fetch', () => {
  it('signs as the auth flow of a client', async () => {
    const aws = new AwsClient({ accessKeyId: 'a', secretAccessKey: 'b', region: 'eu-central-1', service: 's3' });
    await using signing = new Client({
      async *auth(request) {
        const { headers } = await aws.sign(request.url, { method: request.method });
        yield request.with({ headers: Object.fromEntries(headers) });
      },
    });
    await using echo = await startServer('echo');
    const text = (await signing.get(echo.url('/bucket/key'))).text();
    expect(text).toContain('AWS4-HMAC-SHA256 Credential=a/');
    expect(text).toContain('x-amz-date');
  });
});
