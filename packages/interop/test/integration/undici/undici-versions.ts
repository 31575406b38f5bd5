/** Every undici that there is to speak to: those of npm, and the one in Node by its `fetch`. */
import type * as Undici from 'undici7';

/** As far as the three agree; their types do not know each other. */
export type AnyUndici = Pick<
  typeof Undici,
  | 'request'
  | 'stream'
  | 'pipeline'
  | 'upgrade'
  | 'connect'
  | 'fetch'
  | 'setGlobalDispatcher'
  | 'getGlobalDispatcher'
  | 'Agent'
  | 'FormData'
  | 'errors'
>;

/** Undici 8 needs Node 22.19. */
export const isForUndici8: boolean = isAtLeast(22, 19);

function isAtLeast(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

export type UndiciName = 'undici6' | 'undici7' | 'undici8';
export const undiciNames: readonly UndiciName[] = isForUndici8 ? ['undici6', 'undici7', 'undici8'] : ['undici6', 'undici7'];

export async function loadUndici(name: UndiciName): Promise<AnyUndici> {
  const loaded: unknown = await (name === 'undici6' ? import('undici6') : name === 'undici7' ? import('undici7') : import('undici8'));
  return loaded as AnyUndici;
}
