/** The same `fetch`, carried by a client that was installed under it. */
import { Client } from '@x/client';
import { install } from '@x/interop/undici';
import type { OpenContender } from './contender.ts';
import { open as openFetch } from './fetch.ts';

export const open: OpenContender = (workload) => {
  install(new Client({ limits: { maxConnectionsPerOrigin: workload.concurrency } }));
  return openFetch(workload);
};
