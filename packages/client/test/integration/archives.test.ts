/** Live traffic as an HTTP Archive, and requests as commands that are run. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Request, Retries, RetryOnStatus, type MessageOptions } from '@x/client';
import { toCurl, toHar, type Har } from '@x/client/testing';
import { installedProgram, startServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { harSchema } from '../support/har-schema.ts';

function expectValid(har: Har): void {
  expect(harSchema.safeParse(JSON.parse(JSON.stringify(har))).error?.issues).toBeUndefined();
}

describe('toHar()', () => {
  it('has an entry for each hop and each attempt, with its timings', async () => {
    await using server = await startServer('site', { tls: true });
    await using client = new Client({
      baseUrl: server.origin,
      tls: { ca: server.ca! },
      retries: new Retries(1, { limits: [new RetryOnStatus()], backoffFactor: 0 }),
      timeout: 10_000,
    });
    const redirected = await client.get('/redirect/1', { params: { access_token: 's3cret' }, headers: { cookie: 'a=s3cret' } });
    const posted = await client.post('/echo', { json: { password: 's3cret', a: 1 } });
    const failed = await client.get('/status/503').catch((error: Error) => error);
    const refused = await client.get('http://127.0.0.1:1/').catch((error: Error) => error);
    const har = toHar([redirected, posted, failed, refused]);
    expectValid(har);
    const { entries } = har.log;
    expect(entries.map(({ request, response }) => `${request.method} ${new URL(request.url).pathname} ${response.status}`)).toEqual([
      'GET /redirect/1 302',
      'GET /echo 200',
      'POST /echo 200',
      'GET /status/503 503',
      'GET /status/503 503',
      'GET / 0',
      'GET / 0',
    ]);
    expect(JSON.stringify(har)).not.toContain('s3cret');
    const [hop, page, echoed] = entries;
    expect(hop!.timings.ssl).toBeGreaterThan(0);
    expect(hop!.response.redirectURL).not.toBe('');
    expect(page!.timings).toMatchObject({ dns: -1, connect: -1, ssl: -1 });
    expect(page!.response.content).toMatchObject({ mimeType: 'application/json', text: redirected.text().replace('s3cret', '[redacted]') });
    expect(page!.connection).toBe(hop!.connection);
    expect(echoed!.request.postData).toMatchObject({ text: '{"password":"[redacted]","a":1}' });
    expect(entries[5]!.response._error).toContain('ConnectError');
    for (const { time, timings } of entries) {
      const { blocked, dns, connect, send, wait, receive } = timings;
      expect(time).toBeCloseTo(
        [blocked, dns, connect, send, wait, receive].reduce((sum, each) => sum + Math.max(0, each), 0),
        2,
      );
    }
    // What is given twice is there once.
    expect(toHar([posted, posted]).log.entries).toHaveLength(1);
    expect(toHar([posted], { bodies: false }).log.entries[0]!.request.postData?.text).toBe('');
  });

  it('refuses what is no call', () => {
    expect(() => toHar([new Error('other')])).toThrow('must have responses of a client');
    expect(() => toHar([], { body: true } as object)).toThrow('"body" is not known here');
  });
});

const run = promisify(execFile);

describe.skipIf(installedProgram('curl') === undefined)('the command of toCurl()', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'curl-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  interface Arrived {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly string[];
    readonly body: Buffer;
  }

  const quirky = `it's "quoted" \\ $HOME \`id\` @file ; & | é 😀\n%[a]{b}`;

  it.each<[name: string, method: string, target: string, options: MessageOptions]>([
    ['GET', 'GET', '/a?b=c&d[]=e', { headers: { accept: '*/*', 'x-quoted': `it's "$HOME" @x`, 'x-empty': '' } }],
    ['HEAD', 'HEAD', '/', {}],
    ['Latin-1', 'GET', '/', { headers: { 'x-latin': '\xe9\xff' } }],
    ['JSON', 'POST', '/', { json: { text: quirky } }],
    ['a form', 'PUT', '/', { form: { text: quirky, b: '@x' } }],
    ['text', 'PATCH', '/', { body: quirky }],
    ['no type', 'POST', '/', { body: new TextEncoder().encode('a=b') }],
    ['bytes', 'POST', '/', { body: Uint8Array.from({ length: 256 }, (_, index) => index) }],
    ['a body of GET', 'GET', '/', { body: '{}' }],
    ['a large text', 'POST', '/', { body: 'é'.repeat(200_000) }],
    ['nothing', 'POST', '/', { body: '' }],
    ['DELETE', 'DELETE', '/', {}],
    ['an odd method', 'PURGE', '/', {}],
  ])('sends the same: %s', async (_, method, target, options) => {
    const arrived: Arrived[] = [];
    await using server = await recording(arrived);
    await using client = new Client();
    const request = client.buildRequest(method, server.url(target), options);
    await client.send(request);
    await runScript(`${toCurl(request, { reveal: true })} --silent`);
    const [ours, curls] = arrived;
    expect({ ...curls, headers: sorted(curls!.headers) }).toEqual({ ...ours, headers: sorted(ours!.headers) });
  });

  it('sends the same parts and files', async () => {
    const arrived: Arrived[] = [];
    await using server = await recording(arrived);
    await using client = new Client();
    const path = join(folder, `a "b", c;d's.txt`);
    await writeFile(path, 'from the disk');
    const request = client.buildRequest('POST', server.url('/'), {
      form: { plain: 'x', odd: `<a;b,c "d" ${quirky}` },
      files: {
        disk: { path },
        text: { content: `@in "memory";\\`, filename: 'm,e;m.txt', contentType: 'text/plain; charset=utf-8', headers: { 'x-part': '1' } },
      },
    });
    await client.send(request);
    const command = toCurl(request, { reveal: true });
    expect(command).toContain('--form-string plain=x');
    await runScript(`${command} --silent`);
    const parts = arrived.map(({ body, headers }) => {
      const boundary = /boundary=(\S+)$/.exec(headers.find((line) => /^content-type:/i.test(line))!)![1]!;
      // Names of fields may stand in another letter case, and in another order.
      return body
        .toString('latin1')
        .split(`--${boundary}`)
        .map((part) => part.trim().split('\r\n').sort().join('\n'));
    });
    expect(parts[1]).toEqual(parts[0]);
  });

  it('takes a stream from its input', async () => {
    const arrived: Arrived[] = [];
    await using server = await recording(arrived);
    const request = new Request('POST', server.url('/'), { body: (async function* chunks() {})() });
    await runScript(`printf given | ${toCurl(request)} --silent`);
    expect(String(arrived[0]?.body)).toBe('given');
  });

  /** From a file: as an argument of bash it could be too long. */
  async function runScript(script: string): Promise<void> {
    const path = join(folder, 'script.sh');
    await writeFile(path, script);
    await run('bash', [path]);
  }

  async function recording(arrived: Arrived[]): Promise<Awaited<ReturnType<typeof startServer>>> {
    return startServer((request, response) => {
      void (async () => {
        const body = Buffer.concat((await request.toArray()) as Buffer[]);
        const headers = Array.from({ length: request.rawHeaders.length / 2 }, (_, index) =>
          request.rawHeaders.slice(2 * index, 2 * index + 2).join(': '),
        );
        arrived.push({ method: request.method!, url: request.url!, headers, body });
        response.end();
      })();
    });
  }

  function sorted(headers: readonly string[]): string[] {
    // How long to keep the connection is another matter.
    return headers
      .map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase()))
      .filter((line) => !/^(?:connection|transfer-encoding):/.test(line))
      .sort();
  }
});

describe('toCurl()', () => {
  const request = new Request('POST', 'https://u:s3cret@api.test/a?token=s3cret&b=1', {
    headers: { 'x-api-key': 's3cret', cookie: 'a=s3cret; b=s3cret' },
    json: { password: 's3cret' },
  });

  it('shows no secret', () => {
    const command = toCurl(request);
    expect(command).not.toContain('s3cret');
    expect(command.split(' \\\n  ')).toEqual([
      `curl 'https://api.test/a?token=[redacted]&b=1'`,
      '--globoff',
      `--header 'authorization: [redacted]'`,
      `--header 'x-api-key: [redacted]'`,
      `--header 'cookie: a=[redacted]; b=[redacted]'`,
      `--header 'content-type: application/json'`,
      '--header Accept:',
      '--header User-Agent:',
      '--header Expect:',
      `--data-raw '{"password":"[redacted]"}'`,
    ]);
    expect(toCurl(request, { reveal: true })).toContain('s3cret');
    expect(toCurl(new Request('POST', 'https://a.test/', { form: { pin: 's3cret' }, files: { f: new Uint8Array(1) } }), {})).not.toContain(
      's3cret',
    );
  });

  it('has known values and names masked', () => {
    expect(toCurl(request, { mask: { values: ['api.test'], names: ['b'] } })).toContain(
      'https://[redacted]/a?token=[redacted]&b=[redacted]',
    );
  });

  it('refuses what is no request', () => {
    expect(() => toCurl({} as Request)).toThrow('must be a request or a response');
    expect(() => toCurl(request, { revealed: true } as object)).toThrow('"revealed" is not known here');
  });
});
