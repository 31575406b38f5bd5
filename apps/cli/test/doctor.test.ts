import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProxy, startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, xhttp, type Surroundings } from './fake-io.ts';

async function doctor(
  words: readonly string[],
  given?: Surroundings,
): Promise<{ code: number; steps: Record<string, string>; output: string }> {
  const { code, output } = await xhttp(['doctor', ...words], given);
  const steps: Record<string, string> = {};
  for (const line of output.split('\n')) {
    const [, mark, step, text] = /^(\S+) +(\S+) +(.*)$/u.exec(line) ?? [];
    if (mark !== undefined && ['ok', '!', '!!', '-'].includes(mark)) steps[step ?? ''] = `${mark} ${text}`;
  }
  return { code, steps, output };
}

describe('the doctor', () => {
  it('tells each step and what decided it', async () => {
    const cwd = await temporaryFolder();
    await using server = await startServer('site', { tls: true, http2: true, host: 'localhost' });
    await writeFile(join(cwd, 'ca.pem'), server.ca ?? '');
    const { code, steps } = await doctor([server.url('/cacheable/60'), '--cacert', 'ca.pem'], { cwd });
    expect(code).toBe(0);
    expect(steps).toEqual({
      URL: `ok ${server.url('/cacheable/60')}`,
      proxy: 'ok none, directly  (no variable names one: https_proxy, all_proxy)',
      name: expect.stringMatching(/^ok localhost is \S.* in [\d.]+ ms {2}\(the system's resolver\)$/u) as unknown,
      address: expect.stringMatching(/^(?:ok|!) connected: \S+:\d+ in [\d.]+ ms/u) as unknown,
      TLS: expect.stringMatching(/^ok TLSv1\.3, TLS_\w+, trusted {2}\(--cacert ca\.pem\)$/u) as unknown,
      certificate: expect.stringMatching(/^(?:ok|!) .*localhost.*; by .*; \d+ days left \(\d{4}-\d\d-\d\d\); a chain of \d$/u) as unknown,
      HTTP: 'ok HTTP/2  (TLS agreed on h2 (ALPN))',
      answer: expect.stringMatching(/^ok 200 after/u) as unknown,
      cache: expect.stringMatching(/^ok answered from a cache: .* {2}\(Cache-Control: .*60.*\)$/u) as unknown,
      'keep-alive': expect.stringMatching(/^ok a second request went over the same connection/u) as unknown,
    });
  });

  it('shows whom one would have to trust, and sends no credentials there', async () => {
    const seen: (string | undefined)[] = [];
    await using server = await startServer(
      (request, response) => {
        seen.push(request.headers.authorization);
        response.end();
      },
      { tls: true, host: 'localhost' },
    );
    const { code, steps, output } = await doctor([server.url('/secret?token=s3cret'), '-a', 'ada:love']);
    expect(code).toBe(60);
    expect(steps['TLS']).toMatch(/^!! failed: .*Node's authorities\)$/u);
    expect(steps['certificate']).toMatch(/^!! .*localhost/u);
    expect(output).toContain('Its authority is not known here');
    expect(output).not.toMatch(/s3cret|love/u);
    expect(seen).toEqual([undefined]);
  });

  it('follows redirects, and says which proxy it was and who said so', async () => {
    await using server = await startServer('site');
    await using proxy = await startProxy('http');
    const { steps } = await doctor(['--proxy', proxy.url, server.url('/redirect/1')]);
    expect(steps['proxy']).toBe(`ok ${proxy.url.replace(/\/$/u, '')}, reached  (--proxy)`);
    expect(steps['TLS']).toMatch(/^! none: everybody on the way can read along/u);
    expect(steps['redirect']).toBe(`ok in the end ${server.url('/echo')}`);
    const excepted = await doctor([server.url('/'), '--no-proxy'], { env: { http_proxy: 'http://p.test' } });
    expect(excepted.steps['proxy']).toBe('ok none, directly  (--no-proxy)');
    expect((await doctor([server.url('/')], { env: { http_proxy: 'http://p.test', no_proxy: '*' } })).steps['proxy']).toBe(
      'ok none, directly  (no_proxy)',
    );
  });

  it('tells what to do about a name that is not there, and a port where nobody listens', async () => {
    const refused = await doctor(['http://127.0.0.1:1/']);
    expect(refused.code).toBe(7);
    expect(refused.steps['address']).toBe('!! 127.0.0.1:1 ECONNREFUSED');
    expect(refused.output).toContain('nobody listens at that port');
    const unnamed = await doctor(['-6', '--resolve', 'a.test:80:127.0.0.1', 'http://a.test/']);
    expect(unnamed.code).toBe(6);
    expect(unnamed.steps['name']).toBe('!! a.test has no address  (--resolve)');
  });

  it('is asked with one URL', async () => {
    expect((await doctor([])).code).toBe(2);
    expect((await doctor(['a.test', 'a=b'])).code).toBe(2);
  });
});
