/** The ways to a client that a library needs no adapter for. */
import type { Client } from '@x/client';
import { install } from '@x/interop/undici';

export type Way = 'install' | 'fetch';

/** Runs with the `fetch` to give to a library: the client's own, or the global one with the client below it. */
export async function by<Result>(way: Way, client: Client, run: (fetch: typeof globalThis.fetch) => Promise<Result>): Promise<Result> {
  if (way === 'fetch') return run(client.fetch);
  using _off = install(client);
  // The installation ends with this block.
  return await run(globalThis.fetch);
}
