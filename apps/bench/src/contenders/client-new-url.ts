/** Ours, without a cache: `client.get()` and `text()` of a new URL each time, as a cache that has nothing is asked for. */
import { Client } from '@x/client';
import { workloadUrl } from '../child/job.ts';
import { expectBytes, loopingRunner, type OpenContender } from './contender.ts';

export const open: OpenContender = async (workload) => {
  const client = new Client({ limits: { maxConnectionsPerOrigin: workload.concurrency } });
  const url = workloadUrl(workload);
  let requests = 0;
  return loopingRunner(
    workload,
    {
      async text() {
        requests += 1;
        const response = await client.get(`${url}?${requests}`);
        expectBytes(workload, response.status, response.text().length);
      },
    },
    () => client.close(),
  );
};
