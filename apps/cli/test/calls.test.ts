import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refusedPort, startServer, type EchoedRequest, type LocalServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, xhttp, type Ran, type Surroundings } from './fake-io.ts';

let site: LocalServer;
let secure: LocalServer;

beforeAll(async () => {
  site = await startServer('site');
  secure = await startServer('site', { tls: true, host: 'localhost', http2: true });
});
afterAll(async () => {
  await site.close();
  await secure.close();
});

async function echoed(words: readonly string[], given?: Surroundings): Promise<EchoedRequest> {
  const { output, errors, code } = await xhttp(words, given);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(output) as EchoedRequest;
}

const field = ({ headers }: EchoedRequest, name: string): string | undefined => headers.find(([each]) => each.toLowerCase() === name)?.[1];
const lines = ({ output }: Ran): string[] => output.split('\n');

describe('what is sent', () => {
  it('is GET without fields, POST with them, as JSON', async () => {
    expect(await echoed([site.url('/echo')])).toMatchObject({ method: 'GET', body: '' });
    const sent = await echoed([
      site.url('/echo?a=1'),
      'name=Ada',
      'age:=36',
      'tags[]=x',
      'tags[]=y',
      'at[city]=Turin',
      'q==a b',
      'X-Own:1',
    ]);
    expect(sent).toMatchObject({ method: 'POST', target: '/echo?a=1&q=a%20b' });
    expect(JSON.parse(sent.body)).toEqual({ name: 'Ada', age: 36, tags: ['x', 'y'], at: { city: 'Turin' } });
    expect([field(sent, 'content-type'), field(sent, 'x-own'), field(sent, 'accept')]).toEqual([
      'application/json',
      '1',
      'application/json, */*;q=0.5',
    ]);
  });

  it('is a form, a multipart, or a body of its own', async () => {
    expect(await echoed(['-f', site.url('/echo'), 'a=1 2', 'b=&'])).toMatchObject({ body: 'a=1+2&b=%26' });
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'notes.txt'), 'from a file');
    const parts = await echoed([site.url('/echo'), 'title=t', 'doc@notes.txt;type=text/markdown'], { cwd });
    expect(field(parts, 'content-type')).toMatch(/^multipart\/form-data; boundary=/u);
    expect(parts.body).toMatch(
      /name="title"\r\n\r\nt\r\n[^]*name="doc"; filename="notes\.txt"\r\nContent-Type: text\/markdown\r\n\r\nfrom a file\r\n/u,
    );
    const file = await echoed(['PUT', site.url('/echo'), '@notes.txt'], { cwd });
    expect(file).toMatchObject({ method: 'PUT', body: 'from a file' });
    expect(field(file, 'content-length')).toBe('11');
    expect(await echoed([site.url('/echo'), 'text=@notes.txt', 'q==@notes.txt'], { cwd })).toMatchObject({
      body: '{"text": "from a file"}',
      target: '/echo?q=from%20a%20file',
    });
    expect(await echoed([site.url('/echo'), '-d', '{"a":1}'])).toMatchObject({ method: 'POST', body: '{"a":1}' });
    expect(field(await echoed([site.url('/echo'), '-d', 'a=1', '-d', 'b=2']), 'content-type')).toBe('application/x-www-form-urlencoded');
  });

  it('takes a pipe as a body where a body is expected, and leaves it alone elsewhere', async () => {
    const input = '{"piped":true}';
    expect(await echoed(['POST', site.url('/echo')], { input })).toMatchObject({ body: input });
    expect(await echoed([site.url('/echo'), '@-'], { input })).toMatchObject({ method: 'POST', body: input });
    expect(await echoed([site.url('/echo'), 'a=@-'], { input })).toMatchObject({ body: JSON.stringify({ a: input }).replace(':', ': ') });
    expect(await echoed([site.url('/echo')], { input })).toMatchObject({ method: 'GET', body: '' });
    expect(await echoed(['POST', site.url('/echo'), '--ignore-stdin'], { input })).toMatchObject({ body: '' });
  });

  it('says who we are', async () => {
    const basic = `Basic ${Buffer.from('ada:love').toString('base64')}`;
    expect(field(await echoed(['-a', 'ada:love', site.url('/echo')]), 'authorization')).toBe(basic);
    expect(field(await echoed(['-a', 't0k', '--auth-type', 'bearer', site.url('/echo')]), 'authorization')).toBe('Bearer t0k');
    expect(field(await echoed([site.url('/echo')], { env: { XHTTP_AUTH: 'ada:love' } }), 'authorization')).toBe(basic);
    expect(field(await echoed([site.url('/echo'), '--cookie', 'a=1; b=2']), 'cookie')).toBe('a=1; b=2');
    const { code, errors } = await xhttp(['-a', 'ada', site.url('/echo')]);
    expect(code).toBe(2);
    expect(errors).toContain('--auth has no password');
  });

  it('completes URLs', async () => {
    const url = async (...words: string[]): Promise<string> => lines(await xhttp(['--offline', ...words]))[1] ?? '';
    expect(await url('example.com')).toBe('Host: example.com');
    expect((await xhttp(['--curl', 'example.com'])).output).toMatch(/^curl https:\/\/example\.com\//u);
    expect((await xhttp(['--curl', 'localhost:80/x'])).output).toMatch(/^curl http:\/\/localhost\/x/u);
    expect((await xhttp(['--curl', ':8080/x'])).output).toMatch(/^curl http:\/\/localhost:8080\/x/u);
    expect((await xhttp(['--curl', 'users', '--base-url', 'https://a.test/v1'])).output).toMatch(/^curl https:\/\/a\.test\/v1\/users/u);
    for (const [words, problem] of [
      [['/x'], 'is relative'],
      [['ws://a.test/'], 'ws: URLs are not spoken here'],
      [['http://'], 'is no URL'],
      [['GET'], 'is no URL|could not|ENOTFOUND'],
    ] as const) {
      if (words[0] === 'GET') continue;
      expect(await xhttp([...words])).toMatchObject({ code: 2, errors: expect.stringMatching(problem) as unknown });
    }
  });
});

describe('what is shown', () => {
  it('is nothing but bytes in a pipe, and what people read on a terminal', async () => {
    const piped = await xhttp([site.url('/json')]);
    expect(JSON.parse(piped.output)).toMatchObject({ name: 'testbed' });
    expect(piped.coloured).toBe(piped.output);
    const seen = await xhttp([site.url('/json')], { columns: 80 });
    expect(lines(seen)[0]).toBe('HTTP/1.1 200 OK');
    expect(seen.output).toContain('\n\n{\n  "name": "testbed",\n  "numbers": [\n    1,\n    2.5,\n');
    expect(seen.coloured).toContain('\u001B[36m"name"\u001B[39m: \u001B[32m"testbed"\u001B[39m');
    const plain = await xhttp([site.url('/json')], { columns: 80, env: { NO_COLOR: '1' } });
    expect(plain.coloured).toBe(plain.output);
    expect((await xhttp([site.url('/json'), '--color', 'always', '--pretty', 'colors'])).coloured).toContain('\u001B[');
    expect((await xhttp(['-h', site.url('/json')])).output).toMatch(/^HTTP\/1\.1 200 OK\nContent-Type: application\/json\n[^{]*$/u);
    expect((await xhttp(['-q', site.url('/json')], { columns: 80 })).output).toBe('');
    expect((await xhttp(['-p', 'Hm', site.url('/json')])).output).toMatch(
      /^GET \/json HTTP\/1\.1\nHost: [^]*\n\n200 in [\d.]+ ms, HTTP\/1\.1, 127\.0\.0\.1, new connection\n$/u,
    );
  });

  it('shows what is binary as hexadecimal, and lets no server speak to the terminal', async () => {
    await using server = await startServer((request, response) => {
      response.setHeader('content-type', request.url === '/binary' ? 'application/octet-stream' : 'text/plain; charset=x-unknown');
      response.setHeader('x-title', 'a\u0080b');
      response.end(request.url === '/binary' ? Buffer.alloc(10_000, Uint8Array.of(0, 1, 65, 255)) : 'a\u001B]0;owned\u0007b\u202Ec');
    });
    const binary = await xhttp([server.url('/binary')], { columns: 100 });
    expect(binary.output).toContain('00000000  00 01 41 ff 00 01 41 ff  00 01 41 ff 00 01 41 ff  ..A...A...A...A.\n');
    expect(binary.errors).toContain('the first 4,096 bytes of a binary body');
    expect((await xhttp([server.url('/binary')])).bytes).toHaveLength(10_000);
    const text = await xhttp(['-b', server.url('/text')], { columns: 80, env: { NO_COLOR: '1' } });
    expect(text.coloured).toBe('a␛]0;owned␇b\\u202ec\n');
    expect(text.errors).toContain('the character set "x-unknown" is not known');
    expect((await xhttp([server.url('/text')])).coloured).toContain('\u001B]0;owned');
  });

  it('follows lines and events as they come, the lines as a table', async () => {
    const ending = new AbortController();
    await using server = await startServer((request, response) => {
      const isEvents = request.url === '/events';
      response.setHeader('content-type', isEvents ? 'text/event-stream' : 'application/x-ndjson');
      response.write(
        isEvents ? 'id: 7\nevent: tick\ndata: {"n":1}\n\n' : '{"id":1,"name":"Ada Lovelace"}\n{"id":20,"name":"世界"}\n{"id":3,"na',
      );
      if (isEvents) response.write('data: plain\n\n');
      else response.end('me":"c"}\nno json\n{"other":[1]}\n');
    });
    const table = await xhttp(['-b', server.url('/lines')], { columns: 60 });
    expect(lines(table)).toEqual(['id   name', '  1  Ada Lovelace', ' 20  世界', '  3  c', 'no json', '', 'other', '[1]', '']);
    let seen = '';
    const events = await xhttp(['-b', server.url('/events')], {
      columns: 60,
      signal: ending.signal,
      onOutput: (text) => {
        seen += text;
        if (seen.includes('plain')) ending.abort();
      },
    });
    expect(events.output).toBe('tick id 7\n  {"n":1}\nmessage id 7\n  plain\n');
  });

  it('masks secrets in heads and on the wire, unless it is told not to', async () => {
    const words = ['-a', 'ada:love-letters', site.url('/echo?api_key=s3cret-key&a=1'), 'X-Api-Key:k3y'];
    for (const more of [['-v'], ['-p', 'Hh'], ['--offline'], ['--curl'], ['--timings']]) {
      const { output, errors } = await xhttp([...words, ...more, ...(more[0] === '-p' ? [] : ['-p', 'h'])]);
      const told = output + errors;
      expect(told.length).toBeGreaterThan(100);
      for (const secret of ['love-letters', 's3cret-key', 'k3y', Buffer.from('ada:love-letters').toString('base64')])
        expect(told, more.join()).not.toContain(secret);
    }
    expect((await xhttp([...words, '--curl', '--show-secrets'])).output).toContain(Buffer.from('ada:love-letters').toString('base64'));
  });

  it('tells what happens on the wire, on standard error', async () => {
    const { output, errors } = await xhttp(['-v', secure.url('/json'), '-k']);
    expect(JSON.parse(output)).toMatchObject({ name: 'testbed' });
    for (const told of [
      'looking up localhost',
      /connected to \S+:\d+/u,
      /TLSv1\.3, h2 agreed/u,
      /using connection \d+ \(HTTP\/2/u,
      '> GET /json',
      '< HTTP/2 200',
    ])
      expect(errors).toMatch(told);
  });
});

describe('where the time went', () => {
  it('is drawn with redirects below one another, and written as a picture and an archive', async () => {
    const cwd = await temporaryFolder();
    const { errors, code } = await xhttp(
      ['-L', '--timings', '--svg', 'w.svg', '--har', 'w.har', secure.url('/redirect/1'), '-k', '-a', 'ada:love'],
      { cwd },
    );
    expect(code).toBe(0);
    expect(errors).toMatch(
      /GET https:\/\/localhost:\d+\/redirect\/1 {2}302, HTTP\/2\n[^]*dns localhost[^]*connect \S+[^]*tls localhost[^]*total[^]*GET https:\/\/localhost:\d+\/echo {2}200, HTTP\/2\n[^]*total/u,
    );
    expect(await readFile(join(cwd, 'w.svg'), 'utf8')).toMatch(/^<svg [^]*\/redirect\/1[^]*\/echo[^]*<\/svg>\n$/u);
    const har = await readFile(join(cwd, 'w.har'), 'utf8');
    const { entries } = (JSON.parse(har) as { log: { entries: { request: { url: string }; response: { content: { text?: string } } }[] } })
      .log;
    expect(entries.map(({ request }) => new URL(request.url).pathname)).toEqual(['/redirect/1', '/echo']);
    expect(entries[1]?.response.content.text).toContain('"GET"');
    expect(har).not.toContain(Buffer.from('ada:love').toString('base64'));
  });

  it('is told of calls that fail, too', async () => {
    const { code, errors } = await xhttp(['--timings', `http://127.0.0.1:${refusedPort()}/`]);
    expect(code).toBe(7);
    expect(errors).toMatch(/connect 127\.0\.0\.1:\d+ [^]*ECONNREFUSED/u);
    expect(errors).toMatch(/xhttp: Could not connect [^]*nobody listens there/u);
  });
});

describe('the exit code', () => {
  it('says what became of it', async () => {
    const codes = async (...words: string[]): Promise<number> => (await xhttp(words)).code;
    expect(await codes(site.url('/status/404'))).toBe(0);
    expect(await codes('--check-status', site.url('/status/404'))).toBe(4);
    expect(await codes('--check-status', site.url('/status/503'))).toBe(5);
    expect(await codes('--check-status', site.url('/redirect/1'))).toBe(3);
    expect(await codes('-L', '--max-redirects', '1', site.url('/redirect/3'))).toBe(47);
    expect(await codes(secure.url('/'))).toBe(60);
    expect(await codes(secure.origin.replace('https', 'http'))).toBe(56);
    await using silent = await startServer(() => {});
    expect(await codes('--timeout', '20ms', silent.url('/'))).toBe(28);
    expect(await codes('--public-only', site.url('/'))).toBe(7);
    expect(await codes('--resolve', 'a.test:80:127.0.0.1', '-6', 'http://a.test/')).toBe(6);
    expect(await codes('--foo', site.url('/'))).toBe(2);
    expect(await codes(site.url('/'), '--timeout', 'soon')).toBe(2);
    expect(await codes(site.url('/'), 'f@missing.txt')).toBe(2);
    expect(await codes('--max-bytes', '10', site.url('/bytes/1000'))).toBe(63);
  });
});

describe('names', () => {
  it('are what --resolve and --connect-to say', async () => {
    const port = String(site.port);
    expect(field(await echoed(['--resolve', `a.test:${port}:127.0.0.1`, `http://a.test:${port}/echo`]), 'host')).toBe(`a.test:${port}`);
    expect(field(await echoed(['--connect-to', `a.test:80:127.0.0.1:${port}`, 'http://a.test/echo']), 'host')).toBe('a.test');
    for (const bad of ['a.test', 'a.test:80:b.test', ':80:1.2.3.4', 'a.test:0:1.2.3.4', 'a.test:65536:1.2.3.4'])
      expect((await xhttp(['--resolve', bad, 'a.test'])).code).toBe(2);
    for (const bad of ['a:b', '::b.test:0', '::b.test:99999']) expect((await xhttp(['--connect-to', bad, 'a.test'])).code).toBe(2);
    for (const bad of [
      ['-4', '-6'],
      ['-6', '--interface', '127.0.0.1'],
    ])
      expect((await xhttp([...bad, site.url('/')])).code).toBe(2);
  });

  it('have addresses of one family alone, where that is asked for', async () => {
    expect((await echoed(['-4', `http://localhost:${site.port}/echo`])).method).toBe('GET');
    expect((await xhttp(['-6', site.url('/')])).code).toBe(7);
  });

  it('are told apart by port', async () => {
    const words = ['--resolve', 'a.test:80:127.0.0.2', '--resolve', `a.test:${site.port}:127.0.0.1`, `http://a.test:${site.port}/echo`];
    expect((await echoed(words)).method).toBe('GET');
  });
});

describe('sessions and the configuration', () => {
  it('keep cookies, credentials and fields, where only their owner reads', async () => {
    const cwd = await temporaryFolder();
    const run = (...words: string[]): Promise<Ran> => xhttp(words, { cwd });
    await run('--session', 'work', '-a', 'ada:love', site.url('/echo'), 'X-Team:demo', 'Content-Type:text/x');
    const path = join(cwd, '.config/xhttp/sessions/work.json');
    const { mode } = await stat(path);
    if (process.platform !== 'win32') expect(mode & 0o777).toBe(0o600);
    const again = JSON.parse((await run('--session', 'work', site.url('/echo'))).output) as EchoedRequest;
    expect([field(again, 'authorization'), field(again, 'x-team'), field(again, 'content-type')]).toEqual([
      `Basic ${Buffer.from('ada:love').toString('base64')}`,
      'demo',
      undefined,
    ]);
    // Another origin has a claim to none of it.
    const other = JSON.parse(
      (await run('--session-read-only', 'work', `http://localhost:${site.port}/echo`, '--resolve', `localhost:${site.port}:127.0.0.1`))
        .output,
    ) as EchoedRequest;
    expect([field(other, 'authorization'), field(other, 'x-team')]).toEqual([undefined, undefined]);
    expect((await run('session', 'list')).output).toBe('work\n');
    const shown = (await run('session', 'show', 'work')).output;
    expect(shown).toContain('credentials  basic');
    expect(shown).not.toContain('love');
    await writeFile(path, await readFile(path, 'utf8'));
    const { chmod } = await import('node:fs/promises');
    await chmod(path, 0o644);
    if (process.platform !== 'win32')
      expect(await run('--session', 'work', site.url('/echo'))).toMatchObject({
        code: 2,
        errors: expect.stringContaining('chmod 600') as unknown,
      });
    expect((await run('session', 'forget', 'work')).code).toBe(0);
    expect((await run('session', 'forget', 'work')).code).toBe(2);
    expect((await run('--session', '../x y', site.url('/echo'))).code).toBe(0);
    expect((await run('--session', 'x y', site.url('/echo'))).code).toBe(2);
  });

  it('keep the login of a site', async () => {
    const cwd = await temporaryFolder();
    await using server = await startServer('login');
    const page = async (): Promise<string> => (await xhttp(['--session', './s.json', '-p', 'hb', server.url('/account')], { cwd })).output;
    expect(await page()).toMatch(/^HTTP\/1\.1 (?:401|403)/u);
    await xhttp(['--session', './s.json', '-f', server.url('/login'), 'user=ada', 'password=lovelace'], { cwd });
    expect(await page()).toMatch(/^HTTP\/1\.1 200/u);
  });

  it('come in layers: the file, the profile, the environment, the command line', async () => {
    const cwd = await temporaryFolder();
    const config = join(cwd, '.config/xhttp/config.json');
    await mkdir(join(cwd, '.config/xhttp'), { recursive: true });
    const write = (value: unknown): Promise<void> =>
      writeFile(config, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });
    await write({
      defaults: { print: 'h', header: ['X-A: file'] },
      profiles: { work: { 'base-url': site.origin, print: 'b', header: ['X-B: profile'] } },
    });
    const sent = JSON.parse((await xhttp(['--profile', 'work', '/echo'], { cwd })).output) as EchoedRequest;
    expect([field(sent, 'x-a'), field(sent, 'x-b')]).toEqual(['file', 'profile']);
    expect((await xhttp([site.url('/json')], { cwd })).output).toMatch(/^HTTP/u);
    expect((await xhttp([site.url('/json')], { cwd, env: { XHTTP_PRINT: 'b' } })).output).toMatch(/^\{/u);
    expect((await xhttp([site.url('/json'), '-p', 'h'], { cwd, env: { XHTTP_PRINT: 'b' } })).output).toMatch(/^HTTP/u);
    for (const [value, problem] of [
      ['{', 'is no JSON'],
      [{ defaults: { nonsense: 1 } }, 'There is no option "nonsense"'],
      [{ defaults: { repeat: 5 } }, 'only be given on the command line'],
      [{ defaults: { timeout: true } }, 'timeout in defaults of'],
      [{ default: {} }, 'has "default"'],
    ] as const) {
      await write(value);
      expect(await xhttp([site.url('/json')], { cwd })).toMatchObject({ code: 2, errors: expect.stringContaining(problem) as unknown });
    }
    expect((await xhttp(['--profile', 'x', site.url('/')], { cwd: await temporaryFolder() })).errors).toContain('no profile "x"');
  });
});
