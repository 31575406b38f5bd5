/** Which core the server gets and which the measured processes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PINNING_PROGRAM } from './processes.ts';

export interface Cores {
  readonly server: number | null;
  readonly measured: number | null;
}

/** Reads a list as Linux writes it: `0-3,6`. */
export function parseCoreList(text: string): readonly number[] {
  const cores: number[] = [];
  for (const part of text.trim().split(',')) {
    const [first, last] = part.split('-').map(Number);
    if (first === undefined || part === '') continue;
    for (let core = first; core <= (last ?? first); core++) cores.push(core);
  }
  return cores;
}

/**
 * The first core for the server, and one for the measured process that shares no hardware with it if there is one.
 *
 * @param allowed cores that this process may use
 * @param siblings the cores that are really the same one as the first
 */
export function chooseCores(allowed: readonly number[], siblings: readonly number[]): Cores {
  const [server, ...others] = allowed;
  const measured = others.find((core) => !siblings.includes(core)) ?? others[0];
  // With a single core there is nothing to keep apart, and pinning would only hide it.
  if (server === undefined || measured === undefined) return { server: null, measured: null };
  return { server, measured };
}

/** The choice on this machine; without `taskset`, none. */
export function coresHere(): Cores {
  const unpinned: Cores = { server: null, measured: null };
  if (spawnSync(PINNING_PROGRAM, ['--version'], { stdio: 'ignore' }).status !== 0) return unpinned;
  try {
    const allowed = /^Cpus_allowed_list:\s*(.+)$/mu.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
    const cores = parseCoreList(allowed);
    const siblings = readFileSync(`/sys/devices/system/cpu/cpu${cores[0] ?? 0}/topology/thread_siblings_list`, 'utf8');
    return chooseCores(cores, parseCoreList(siblings));
  } catch {
    return unpinned;
  }
}
