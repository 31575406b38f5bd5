import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { findProgram } from '@x/testbed';
import { expect, onTestFinished, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** A whole run takes some seconds; more only on a machine that is busy with something else. */
const PATIENCE = 240_000;

interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the demo as `npm start` does, with its output piped. */
async function runDemo(...options: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), MAIN, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE,
    env: { ...process.env, FORCE_COLOR: undefined },
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, output, errors };
}

test(
  'every check holds: exit code 0, and plain text where it is piped',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'demo-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { code, output, errors } = await runDemo('--quick', '--svg', folder);
    expect(errors).toBe('');
    expect(output).not.toContain('FAILED');
    expect(code).toBe(0);
    expect(output).not.toContain('\u001B');
    expect(output).not.toContain('\r');
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(100);

    const sections = output.split(/^\d+ {2}/mu).slice(1);
    const section = (title: string): string => sections.find((text) => text.startsWith(title)) ?? '';
    const phases = (text: string): string[] => text.match(/^ {2}(?:dns|connect|proxy|tls|first byte) +#+ +[\d.]+ m?s$/gmu) ?? [];
    expect(phases(section('GET over http'))).toHaveLength(8);
    const requests = (text: string): string[] =>
      Array.from(
        text.matchAll(/^ {2}(\w+) https?:\/\/[\w.:]+(\S+) {2}(.+)$/gmu),
        ([, method, path, outcome = '']) => `${method} ${path} ${outcome.replace(/, HTTP\/[\d.]+/u, '')}`,
      );
    expect(requests(section('A login'))).toEqual(['POST /login 303', 'GET /account 200']);
    expect(requests(section('Digest'))).toEqual(['GET /first 401', 'GET /first 200', 'POST /second 200']);
    expect(requests(section('A retry'))).toEqual(['GET /report ReadError', 'GET /report 503', 'GET /report 200']);
    expect(requests(section('A multipart'))).toEqual(['POST /echo 200']);
    expect(requests(section('A deadline'))).toEqual(['GET /trickle 200, DeadlineExceeded']);
    expect(requests(section('A forward proxy'))).toEqual(['GET /first?by=proxy 200', 'GET /second 200']);
    expect(requests(section('CONNECT'))).toEqual(['GET /first 200', 'GET /second 200', 'GET /third ProxyError']);
    expect(requests(section('SOCKS5h'))).toEqual(['GET / 200', 'GET / 200', 'GET / 200']);
    const dialled = (text: string): string[] => phases(text).flatMap((line) => /dns|connect|proxy|tls/u.exec(line) ?? []);
    expect(dialled(section('A forward proxy'))).toEqual(['dns', 'connect']);
    expect(dialled(section('CONNECT'))).toEqual(['dns', 'connect', 'proxy', 'tls', 'dns', 'connect', 'proxy']);
    expect(dialled(section('SOCKS5h'))).toEqual(['dns', 'connect', 'proxy', 'tls', 'dns', 'connect', 'proxy', 'tls']);
    for (const title of ['A login', 'Digest', 'A retry', 'A multipart', 'A deadline', 'A forward proxy', 'CONNECT', 'SOCKS5h']) {
      expect(section(title)).toMatch(/^ {2}total +[\d.]+ m?s$/mu);
      expect(phases(section(title)).length).toBeGreaterThan(0);
    }
    expect(section('A forward proxy').match(/^ {2}the proxy saw forward (?:one|two)\.test:\d+ {2}admitted, connection 1$/gmu)).toHaveLength(
      2,
    );
    expect(section('CONNECT')).toMatch(/^ {2}ok {6}HTTP\/2 was spoken in the tunnel$/mu);
    expect(section('SOCKS5h')).toMatch(/^ {2}the proxy saw socks5 origin\.test:\d+ {2}admitted, connection 1$/mu);
    expect(output).toMatch(/^ {2}#+ 100 % +64\.0 MiB of 64\.0 MiB +[\d.]+ [MG]iB\/s$/mu);
    expect(output).toMatch(/^ {2}ok {6}the SHA-256 is that of what the server sent$/mu);
    expect(output).toMatch(/^ {2}connections opened +64 /mu);
    const sides = section('The same over HTTP/1.1 and HTTP/2');
    expect(sides).toMatch(/^ +HTTP\/1\.1 +HTTP\/2$/mu);
    expect(sides).toMatch(/^ {2}connections, says the server +64 +1$/mu);
    expect(sides).toMatch(/^ {2}at the same time on one +1 +64$/mu);
    expect(section('Very many requests')).toMatch(
      findProgram('nginx') === undefined ? /nginx is not installed/u : /^ {2}ok {6}and none was sent twice$/mu,
    );
    expect(output).toMatch(/^@x\/client {2}an HTTP client/u);
    expect(output).toMatch(/^ok {2}\d+ checks in [\d.]+ m?s, all held$/mu);
    expect(output).toMatch(/\nWhere to go next\n( {2}\S.*\n)+$/u);
    const pictures = await readdir(folder);
    expect(pictures).toEqual(expect.arrayContaining(['get-1.svg', 'retry-1.svg', 'tunnel-1.svg']));
    expect(await readFile(join(folder, 'login-1.svg'), 'utf8')).toMatch(/^<svg [^]*POST http:[^]*\/login[^]*<\/svg>\n$/u);
  },
  PATIENCE,
);

test(
  'a body that is not what it should be fails the run: exit code 1, and the check is named',
  async () => {
    const { code, output } = await runDemo('--corrupt', '--only', 'download');
    expect(code).toBe(1);
    expect(output).toMatch(/^ {2}FAILED {2}the SHA-256 is that of what the server sent \(found: [\da-f]{64}\)$/mu);
    expect(output).toMatch(/^ {2}ok {6}all 64\.0 MiB have arrived$/mu);
    expect(output).toMatch(/^FAILED {2}4 checks in [\d.]+ m?s, 1 did not hold:$/mu);
  },
  PATIENCE,
);

test('an unknown option is told on stderr: exit code 2', async () => {
  const { code, output, errors } = await runDemo('--only', 'everything');
  expect(code).toBe(2);
  expect(output).toBe('');
  expect(errors).toContain("No job is named 'everything'");
});
