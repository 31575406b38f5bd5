/** The Node under which contenders are measured, and the releases of peers that it gets. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { peerPackage, type PeerName } from '../child/peers.ts';
import type { Machine } from '../report/report.ts';
import { BENCH } from './compile.ts';
import { plainEnvironment } from './processes.ts';

export interface Runtime {
  readonly path: string;
  /** As in `process.versions.node`. */
  readonly version: string;
}

const PEERS: readonly PeerName[] = ['undici', 'got', 'ky', 'axios'];

/** @throws {Error} when there is no Node at that path. */
export function runtimeAt(path: string): Runtime {
  const version = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8', env: plainEnvironment() }).trim();
  return { path, version };
}

/** The releases that this Node runs. */
export function peerVersions({ version }: Runtime): Readonly<Record<PeerName, string>> {
  const entries = PEERS.map((peer) => {
    const manifest = readFileSync(join(BENCH, 'node_modules', peerPackage(peer, version), 'package.json'), 'utf8');
    return [peer, (JSON.parse(manifest) as { version: string }).version] as const;
  });
  return Object.fromEntries(entries) as Record<PeerName, string>;
}

export function machineHere(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() || 'unknown CPU',
    cores: processors.length,
    system: `${process.platform} ${release()}`,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** The commit that is measured; null when this is no repository, or there is no git. */
export function commitHere(): string | null {
  try {
    const options = { cwd: BENCH, encoding: 'utf8', stdio: 'pipe' } as const;
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim();
    const changed = execFileSync('git', ['status', '--porcelain', '--', '../../packages', '.'], options).trim();
    return changed === '' ? commit : `${commit}+`;
  } catch {
    return null;
  }
}
