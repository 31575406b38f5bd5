/** Collapsed forwarding among processes that share a store: one asks the origin, the others wait for what it brings. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import type { DispatchResponse } from '@x/httpcore';

import type { CacheRequest } from '../cache-request.ts';
import type { Unlock } from '../store/store.ts';
import type { CacheCore } from './cache-core.ts';
import { waitWithin } from './flight.ts';

/** Milliseconds. */
const lockFor = 5000;
const waitAtMost = 5000;
const firstPause = 5;
const longestPause = 100;

export interface OtherProcess {
  readonly unlock: Unlock | undefined;
  readonly response: DispatchResponse | undefined;
}

/** With a response: another process has brought it. With neither: waiting was in vain. */
export async function otherProcess(
  core: CacheCore,
  request: CacheRequest,
  name: string,
  fromStore: () => Promise<DispatchResponse | undefined>,
): Promise<OtherProcess> {
  let unlock = await core.store.lock(name, lockFor);
  if (core.store.isFailing) return { unlock, response: undefined };
  // Between our look at the store and the lock, another may have finished.
  if (unlock !== undefined || core.store.isOpen) return decided(unlock, unlock === undefined ? undefined : await fromStore());
  const until = performance.now() + waitAtMost;
  for (let pause = firstPause; performance.now() < until && !core.store.isFailing; pause = Math.min(pause * 1.6, longestPause)) {
    await waitWithin(sleep(pause), request);
    const response = await fromStore();
    if (response !== undefined) return { unlock: undefined, response };
    unlock = await core.store.lock(name, lockFor);
    if (unlock !== undefined) return decided(unlock, await fromStore());
  }
  return { unlock: undefined, response: undefined };
}

function decided(unlock: Unlock | undefined, response: DispatchResponse | undefined): OtherProcess {
  if (response === undefined) return { unlock, response };
  void unlock?.();
  return { unlock: undefined, response };
}
