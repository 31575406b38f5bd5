// Other versions of Node, for tests and benches: taken from the registry by exact version and hash, kept in node_modules/.cache.
//
// They are not dependencies, because two of them in one node_modules fight for `.bin/node`.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PinnedNode {
  readonly version: string;
  /** As in Node's `process.platform` and `process.arch`: `linux-x64`. */
  readonly platform: string;
  /** Of the package's archive, as `npm view <package>@<version> dist.integrity` prints it. */
  readonly integrity: string;
}

/** To add one: `npm view node-<platform>@<version> dist.integrity`. The first row is the oldest version that is supported. */
export const pinnedNodes: readonly PinnedNode[] = [
  pin('20.19.0', 'linux-x64', 'sha512-HzVYgEgabV/n3nP2F9mcxS0Nxgg99jynX9CMovakLmSYTuTdQRbbtw0yadY8+qKcqXfiDAtb2hmtR7nDPzclGA=='),
  pin('20.19.0', 'linux-arm64', 'sha512-kT7jX7frbsrMrXMsBaFt3Th1SWs5VjxTzd0U8vxcmdCFkaqeu5hFK0+QoYfIo5drmr3DmwJfLtO2gnD/7hNE/Q=='),
  pin('22.23.3', 'linux-x64', 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng=='),
  pin('22.23.3', 'linux-arm64', 'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA=='),
  pin('24.21.0', 'linux-x64', 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q=='),
  pin('24.21.0', 'linux-arm64', 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g=='),
  pin('26.10.0', 'linux-x64', 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw=='),
  pin('26.10.0', 'linux-arm64', 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ=='),
];

/** Puts the archive of a pinned Node into `directory` and returns its path. */
export type Download = (pinned: PinnedNode, directory: string) => string;

function pin(version: string, platform: string, integrity: string): PinnedNode {
  return { version, platform, integrity };
}

/**
 * The pinned Node that a request like `24` or `20.19` means.
 *
 * @throws Error that lists the versions there are
 */
export function findPinnedNode(request: string, platform: string = `${process.platform}-${process.arch}`): PinnedNode {
  const here = pinnedNodes.filter((pinned) => pinned.platform === platform);
  const found = here.find(({ version }) => version === request || version.startsWith(`${request}.`));
  if (found !== undefined) return found;
  const known = here.map(({ version }) => version).join(', ');
  throw new Error(
    `No Node ${request} is pinned for ${platform}${known === '' ? '' : `; there are ${known}`}. See tools/src/runtimes/node-runtime.ts.`,
  );
}

/**
 * The path of the executable, downloaded when it is not there yet.
 *
 * @throws Error when the archive is not the pinned one; then nothing is installed
 */
export function installNode(
  pinned: PinnedNode,
  cache: string = fileURLToPath(new URL('../../../node_modules/.cache/node', import.meta.url)),
  download: Download = downloadWithNpm,
): string {
  const home = join(cache, `${pinned.version}-${pinned.platform}`);
  const executable = join(home, 'bin', 'node');
  if (existsSync(executable)) return executable;

  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(cache, 'download-'));
  try {
    const archive = download(pinned, temporary);
    const actual = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (actual !== pinned.integrity) {
      throw new Error(`Node ${pinned.version} for ${pinned.platform} is not the pinned one: ${actual} instead of ${pinned.integrity}`);
    }
    execFileSync('tar', ['-xzf', archive, '-C', temporary]);
    renameUnlessThere(join(temporary, 'package'), home);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return executable;
}

/** Whoever comes second in a race finds the same files there. */
function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function downloadWithNpm({ version, platform }: PinnedNode, directory: string): string {
  console.error(`Fetching Node ${version} for ${platform}; it is kept in node_modules/.cache.`);
  const printed = execFileSync('npm', ['pack', `node-${platform}@${version}`, '--silent', '--pack-destination', directory], {
    // Away from the workspace, whose package manager field npm would look at.
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const file = printed.trim().split('\n').at(-1) ?? '';
  return join(directory, file);
}

/** `PATH` with this Node first, so that every `node` below a command is this one. */
export function pathWith(executable: string, path: string | undefined): string {
  return path === undefined || path === '' ? dirname(executable) : `${dirname(executable)}:${path}`;
}
