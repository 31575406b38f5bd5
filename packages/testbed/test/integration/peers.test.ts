import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:http2';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findProgram, installedProgram, startNghttpd, startNginx } from '../../src/index.ts';

interface Peer {
  readonly origin: string;
  readonly ca: string | undefined;
}

async function get(peer: Peer, path: string): Promise<string> {
  const session = connect(peer.origin, { ca: peer.ca });
  const stream = session.request({ ':path': path });
  const body = await text(stream);
  session.close();
  return body;
}

/** Does anybody listen? */
function knock(port: number): Promise<'there' | 'gone'> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1', () => {
      socket.destroy();
      resolve('there');
    });
    socket.on('error', () => resolve('gone'));
  });
}

describe('a program that is not there', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  test('is told of once', () => {
    vi.stubEnv('REQUIRE_PEERS', '');
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect([installedProgram('no-such-server'), installedProgram('no-such-server')]).toEqual([undefined, undefined]);
    expect(said).toHaveBeenCalledTimes(1);
    expect(said.mock.calls[0]?.[0]).toContain('no-such-server is not installed');
  });

  test('is an error where all must be there', () => {
    vi.stubEnv('REQUIRE_PEERS', '1');
    expect(() => installedProgram('no-such-server')).toThrow('REQUIRE_PEERS=1');
  });
});

describe.skipIf(installedProgram('nginx') === undefined)('nginx', () => {
  test.each([{ tls: true }, { tls: false }])('serves HTTP/2 and gives its log when it stops (%o)', async ({ tls }) => {
    const nginx = await startNginx({
      tls,
      http2: true,
      server: 'location = /said { return 200 "said $arg_id"; }',
      files: { 'file.txt': 'from a file' },
      accessLog: '$request_uri $status $http2',
    });
    expect(await get(nginx, '/said?id=7')).toBe('said 7');
    expect(await get(nginx, '/file.txt')).toBe('from a file');
    const version = tls ? 'h2' : 'h2c';
    expect(await nginx.stop()).toEqual([`/said?id=7 200 ${version}`, `/file.txt 200 ${version}`]);
    const session = connect(nginx.origin);
    await expect(once(session, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test.skipIf(findProgram('setpriv') === undefined)('does not outlive the process that started it, even if that is killed', async () => {
    const index = new URL('../../src/index.ts', import.meta.url).href;
    const script = `
      const { startNginx } = await import('${index}');
      const { port } = await startNginx({ server: 'location / { return 200; }' });
      console.log(port);
    `;
    // Who is killed can't tidy up.
    const folder = await mkdtemp(join(tmpdir(), 'killed-'));
    try {
      const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, TMPDIR: folder },
      });
      const port = Number(String(((await once(child.stdout, 'data')) as [Buffer])[0]));
      expect(await knock(port)).toBe('there');
      child.kill('SIGKILL');
      await expect.poll(() => knock(port)).toBe('gone');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('tells in its own words what is wrong with its configuration, and leaves nothing behind', async () => {
    const failure: unknown = await startNginx({ server: 'nonsense;' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining('unknown directive "nonsense"') as string });
    const folder = /(\/\S+)\/nginx\.conf/u.exec((failure as Error).message)?.[1] ?? '/';
    expect(existsSync(folder)).toBe(false);
  });
});

describe.skipIf(installedProgram('nghttpd') === undefined)('nghttpd', () => {
  test.each([{ tls: true }, { tls: false }])('serves files and keeps a log of frames (%o)', async ({ tls }) => {
    await using nghttpd = await startNghttpd({ tls, files: { 'index.html': 'from nghttpd' }, options: ['--trailer=x-sum: 42'] });
    expect(await get(nghttpd, '/')).toBe('from nghttpd');
    await expect.poll(() => nghttpd.log()).toContain('x-sum: 42');
  });

  test('tells in its own words what it does not like', async () => {
    await expect(startNghttpd({ options: ['--no-such-option'] })).rejects.toThrow('unrecognized option');
  });
});
