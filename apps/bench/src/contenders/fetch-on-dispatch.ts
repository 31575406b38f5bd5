/** The same `fetch`, carried by a pool that was installed under it. */
import { ConnectionPool } from '@x/httpcore';
import { install } from '@x/interop/undici';
import type { OpenContender } from './contender.ts';
import { open as openFetch } from './fetch.ts';
import { poolOptions } from './pool-options.ts';

export const open: OpenContender = (workload) => {
  install(new ConnectionPool(poolOptions(workload)));
  return openFetch(workload);
};
