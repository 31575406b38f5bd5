import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProxy, startServer, type EchoedRequest, type LocalServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, xhttp, type Ran, type Surroundings } from './fake-io.ts';

let site: LocalServer;
beforeAll(async () => {
  site = await startServer('site');
});
afterAll(() => site.close());

const curl = (words: readonly string[], given?: Surroundings): Promise<Ran> => xhttp(['curl', ...words], given);

async function echoed(words: readonly string[], given?: Surroundings): Promise<EchoedRequest> {
  const { output, errors, code } = await curl([...words, site.url('/echo')], given);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(output) as EchoedRequest;
}

const field = ({ headers }: EchoedRequest, name: string): string | undefined => headers.find(([each]) => each.toLowerCase() === name)?.[1];

describe('a command for curl', () => {
  it('as a browser copies it', async () => {
    const copied = `curl -H 'accept: */*' -H 'accept-language: en-GB,en;q=0.9' -H 'content-type: application/json' -b 'theme=dark; s=1' -H 'sec-ch-ua: "x"' --data-raw '{"a":"@b"}' --compressed --insecure`;
    const sent = await echoed(Array.from(copied.matchAll(/'([^']*)'|(\S+)/gu), ([, quoted, word = '']) => quoted ?? word));
    expect(sent).toMatchObject({ method: 'POST', body: '{"a":"@b"}' });
    expect(['content-type', 'cookie', 'accept-language', 'sec-ch-ua'].map((name) => field(sent, name))).toEqual([
      'application/json',
      'theme=dark; s=1',
      'en-GB,en;q=0.9',
      '"x"',
    ]);
    expect(field(sent, 'accept-encoding')).toContain('gzip');
  });

  it.each<[words: readonly string[], expected: object, fields?: Readonly<Record<string, string | undefined>>]>([
    [['-XDELETE'], { method: 'DELETE', body: '' }, { 'accept-encoding': undefined }],
    [
      ['-d', 'a=1', '-d', '@file.txt', '--data-urlencode', 'b=x y&', '--data-urlencode', '=z!'],
      { method: 'POST', body: 'a=1&onetwo&b=x%20y%26&z%21' },
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
    [['--data-binary', '@file.txt'], { body: 'one\r\ntwo\n' }],
    [['-G', '-d', 'a=1', '--data-urlencode', 'q=x y'], { method: 'GET', target: '/echo?a=1&q=x%20y', body: '' }],
    [['--url-query', 'p=1'], { target: '/echo?p=1' }],
    [
      ['--json', '{"a":1', '--json', '}'],
      { method: 'POST', body: '{"a":1}' },
      { 'content-type': 'application/json', accept: 'application/json' },
    ],
    [['-T', 'file.txt'], { method: 'PUT', body: 'one\r\ntwo\n' }, { 'content-length': '9' }],
    [['-u', 'ada:lo:ve'], {}, { authorization: `Basic ${Buffer.from('ada:lo:ve').toString('base64')}` }],
    [['--oauth2-bearer', 't'], {}, { authorization: 'Bearer t' }],
    [
      ['-A', 'me/1', '-e', 'http://from.test/', '-r', '0-9'],
      {},
      { 'user-agent': 'me/1', referer: 'http://from.test/', range: 'bytes=0-9' },
    ],
    [['-H', 'User-Agent:', '-H', 'X-Empty;', '-H', 'Host: other.test'], {}, { 'user-agent': undefined, 'x-empty': '', host: 'other.test' }],
    [['-H', '@fields.txt'], {}, { 'x-one': '1', 'x-two': '2' }],
    [['-sSfL', '-XPUT', '-dx', '-4', '--http1.1', '-m10', '--connect-timeout', '2.5', '-N', '-g'], { method: 'PUT', body: 'x' }],
  ])('%j', async (words, expected, fields = {}) => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'file.txt'), 'one\r\ntwo\n');
    await writeFile(join(cwd, 'fields.txt'), 'X-One: 1\r\nX-Two: 2\n');
    const sent = await echoed(words, { cwd });
    expect(sent).toMatchObject(expected);
    for (const [name, value] of Object.entries(fields)) expect(field(sent, name), name).toBe(value);
  });

  it('with a form of files', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'a.csv'), '1,2');
    const { body } = await echoed(
      ['-F', 'file=@a.csv;type=text/csv', '-F', 'note=<a.csv', '-F', 'plain=x;type=text/plain', '--form-string', 'literal=@a'],
      { cwd },
    );
    expect(body).toMatch(
      /name="file"; filename="a\.csv"\r\nContent-Type: text\/csv\r\n\r\n1,2\r\n[^]*name="note"\r\n\r\n1,2\r\n[^]*name="plain"\r\nContent-Type: text\/plain\r\n\r\nx\r\n[^]*name="literal"\r\n\r\n@a\r\n/u,
    );
  });

  it('reads standard input', async () => {
    expect(await echoed(['-d', '@-'], { input: 'from\na pipe' })).toMatchObject({ body: 'froma pipe' });
    expect(await echoed(['-T', '-'], { input: 'streamed' })).toMatchObject({ method: 'PUT', body: 'streamed' });
  });

  it('writes what it was asked for', async () => {
    const cwd = await temporaryFolder();
    expect((await curl(['-I', site.url('/json')])).output).toMatch(/^HTTP\/1\.1 200 OK\nContent-Type: [^{]*$/u);
    expect((await curl(['-i', site.url('/json')])).output).toMatch(/^HTTP\/1\.1 200 OK\n[^]*\n\n\{"name"/u);
    expect(
      (await curl(['-o', '/dev/null', '-s', '-w', '%{http_code} %{size_download} %{content_type} %{nonsense}%%\\n', site.url('/json')]))
        .output,
    ).toMatch(/^200 102 application\/json %\{nonsense\}%\n$/u);
    await curl(['-o', 'out.json', '-D', 'head.txt', site.url('/json')], { cwd });
    expect(await readFile(join(cwd, 'out.json'), 'utf8')).toContain('"testbed"');
    expect(await readFile(join(cwd, 'head.txt'), 'utf8')).toMatch(/^HTTP\/1\.1 200 OK\n/u);
    await mkdir(join(cwd, 'd'));
    expect((await curl(['-O', '--output-dir', 'd', site.url('/json'), site.url('/bytes/100')], { cwd })).code).toBe(0);
    expect((await readFile(join(cwd, 'd/100'))).length).toBe(100);
  });

  it('keeps cookies in files', async () => {
    const cwd = await temporaryFolder();
    await using server = await startServer('login');
    await curl(['-c', 'jar.txt', '-d', 'user=ada', '-d', 'password=lovelace', server.url('/login')], { cwd });
    expect(await readFile(join(cwd, 'jar.txt'), 'utf8')).toMatch(/^#HttpOnly_127\.0\.0\.1\t/mu);
    expect((await curl(['-b', 'jar.txt', '-w', '%{http_code}', '-o', '/dev/null', server.url('/account')], { cwd })).output).toBe('200');
  });

  it('goes by proxies and names of its own', async () => {
    await using proxy = await startProxy('http', { auth: { scheme: 'basic', user: 'ada', password: 'p w' } });
    const sent = await curl(['-x', `127.0.0.1:${proxy.port}`, '-U', 'ada:p w', site.url('/echo')]);
    expect(JSON.parse(sent.output)).toMatchObject({ method: 'GET' });
    expect(proxy.requests.at(-1)).toMatchObject({ kind: 'forward', authorized: true });
    const { output } = await curl(['--resolve', `a.test:${site.port}:127.0.0.1`, '--noproxy', '*', `a.test:${site.port}/echo`]);
    expect((JSON.parse(output) as EchoedRequest).headers[0]?.[1]).toBe(`a.test:${site.port}`);
    const { output: other } = await curl(['--connect-to', `::127.0.0.1:${site.port}`, 'http://b.test/echo']);
    expect((JSON.parse(other) as EchoedRequest).headers[0]?.[1]).toBe('b.test');
    const both = [
      '--connect-to',
      `c.test:80::${site.port}`,
      '--resolve',
      `c.test:${site.port}:127.0.0.1`,
      '--resolve',
      'c.test:80:127.0.0.2',
    ];
    const { output: third } = await curl([...both, 'http://c.test/echo']);
    expect((JSON.parse(third) as EchoedRequest).headers[0]?.[1]).toBe('c.test');
  });

  it('ends as curl does', async () => {
    expect(await curl(['-f', site.url('/status/404')])).toMatchObject({ code: 22, output: '' });
    expect((await curl(['--fail-with-body', site.url('/status/404')])).code).toBe(22);
    expect((await curl([site.url('/status/404')])).code).toBe(0);
    expect(await curl(['-s', 'http://127.0.0.1:1/'])).toMatchObject({ code: 7, errors: '' });
    expect((await curl(['-sS', 'http://127.0.0.1:1/'])).errors).toContain('Could not connect');
    expect((await curl(['-L', '--max-redirs', '1', site.url('/loop')])).code).toBe(47);
    expect((await curl(['-L', '-w', ' %{num_redirects} %{url_effective}', '-o', '/dev/null', site.url('/redirect/2')])).output).toBe(
      ` 2 ${site.url('/echo')}`,
    );
  });

  it.each([
    [['--next', 'a.test'], 'several requests in one command'],
    [['--http3', 'a.test'], 'HTTP/3 is not spoken'],
    [['--negotiate', 'a.test'], 'Kerberos'],
    [['--frobnicate', 'a.test'], "Unknown option '--frobnicate'"],
    [['-F', 'a=b', '-d', 'c', 'a.test'], '-F and -d contradict'],
    [['-F', 'a', 'a.test'], 'name=content'],
    [['-m', 'soon', 'a.test'], '--max-time must be a number'],
    [[], 'curl needs a URL'],
  ])('%j is refused, clearly', async (words, problem) => {
    expect(await curl(words)).toMatchObject({ code: 2, errors: expect.stringContaining(problem) as unknown });
  });

  it('is what --curl prints: there and back again', async () => {
    const { output } = await xhttp([
      '--curl',
      '--show-secrets',
      'PUT',
      site.url('/echo?x=[1]'),
      'a=b c',
      "q=it's",
      'X-Own:1',
      '-a',
      'ada:love',
      '-k',
      '-L',
    ]);
    // The shell's part: words, quotes, and lines that go on.
    const words = [...output.replaceAll('\\\n', '').matchAll(/(?:'[^']*'|\\'|[^\s'])+/gu)].map(([word]) =>
      word.replaceAll(/'([^']*)'|\\'/gu, (whole, inside: string | undefined) => inside ?? whole.slice(1)),
    );
    const sent = JSON.parse((await curl(words)).output) as EchoedRequest;
    expect(sent).toMatchObject({ method: 'PUT', target: '/echo?x=[1]', body: '{"a": "b c", "q": "it\'s"}' });
    expect(field(sent, 'authorization')).toMatch(/^Basic /u);
  });
});
