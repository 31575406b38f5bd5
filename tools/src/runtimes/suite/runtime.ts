export type Runtime = 'node' | 'bun' | 'deno';

/** Which one runs this. */
export function runtime(): Runtime {
  if ('Bun' in globalThis) return 'bun';
  return 'Deno' in globalThis ? 'deno' : 'node';
}
