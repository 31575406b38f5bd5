/** The ways by which a library comes to a client. */
import type { Client } from '@x/client';
import { install } from '@x/interop/undici';

/** `install`: below global `fetch`. `fetch`: it is given `client.fetch`. `adapter`: what is made for its own interface. */
export type Way = 'install' | 'fetch' | 'adapter';

/** Runs with the `fetch` to give to a library: the client's own, or the global one with the client below it. */
export async function by<Result>(way: Way, client: Client, run: (fetch: typeof globalThis.fetch) => Promise<Result>): Promise<Result> {
  if (way !== 'install') return run(client.fetch);
  using _off = install(client);
  // The installation ends with this block.
  return await run(globalThis.fetch);
}
