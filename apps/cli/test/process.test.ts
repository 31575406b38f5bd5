/** The program as a process: what only a process has, pipes that close, signals, and codes. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createGate, startServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from './fake-io.ts';

const BUNDLE = fileURLToPath(new URL('../scripts/bundle.mjs', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../package.json', import.meta.url));

/** Where the program is, made once of the sources: to read them anew would be most of each start. */
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xhttp-program-'));
  // As in a package: the version is read from what lies above.
  await copyFile(PACKAGE, join(folder, 'package.json'));
  await promisify(execFile)(process.execPath, [BUNDLE, join(folder, 'dist')]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

type Streams = 'ignore' | 'pipe';

function start(words: readonly string[], stdin: Streams = 'ignore', cwd?: string): ChildProcess {
  return spawn(process.execPath, [join(folder, 'dist/xhttp.js'), ...words], {
    stdio: [stdin, 'pipe', 'pipe'],
    cwd,
    env: { ...process.env, FORCE_COLOR: undefined, XDG_CONFIG_HOME: cwd ?? '/nonexistent' },
  });
}

async function ended(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

describe('the process', () => {
  it('sends a pipe, and writes nothing but bytes', async () => {
    await using server = await startServer('site');
    const child = start(['POST', server.url('/echo/raw'), 'content-type:text/plain'], 'pipe');
    child.stdin!.end('through a pipe');
    const [code, output, errors] = await Promise.all([ended(child), text(child.stdout!), text(child.stderr!)]);
    expect({ code, output, errors }).toEqual({ code: 0, output: 'through a pipe', errors: '' });
  });

  it('ends when nobody reads any more, without a word, though the server goes on', async () => {
    await using server = await startServer((_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536, 'x\n')));
      };
      response.on('drain', more);
      more();
    });
    const child = start([server.url('/')]);
    const errors = text(child.stderr!);
    const closed = ended(child);
    await once(child.stdout!, 'readable');
    child.stdout!.destroy();
    expect(await closed).toBe(141);
    expect(await errors).toBe('');
  });

  it.skipIf(process.platform === 'win32')('keeps the part of a download that is interrupted', async () => {
    const cwd = await temporaryFolder();
    const gate = createGate();
    await using server = await startServer((_, response) => {
      response.writeHead(200, { etag: '"one"', 'content-length': 100_000 });
      response.write(Buffer.alloc(50_000));
      void gate.opened.then(() => response.end());
    });
    const child = start(['-D', '--resume', server.url('/file.bin')], 'ignore', cwd);
    const errors = text(child.stderr!);
    const closed = ended(child);
    const kept = (): Promise<number> =>
      stat(join(cwd, 'file.bin.part')).then(
        ({ size }) => size,
        () => 0,
      );
    // An empty part is nothing to keep.
    await expect.poll(kept).toBe(50_000);
    child.kill('SIGINT');
    expect(await closed).toBe(130);
    expect(await errors).toContain('file.bin.part is kept');
    gate.open();
  });

  it('does not wait for an input that nobody needs', async () => {
    const child = start(['--offline', 'example.com'], 'pipe');
    expect(await ended(child)).toBe(0);
    child.stdin!.destroy();
  });
});
