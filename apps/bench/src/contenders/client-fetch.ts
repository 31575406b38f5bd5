/** `client.fetch`, for what takes a `fetch`. */
import { Client } from '@x/client';
import { workloadUrl } from '../child/job.ts';
import { loopingRunner, type OpenContender } from './contender.ts';
import { fetchExchanges } from './fetch-exchanges.ts';

export const open: OpenContender = async (workload) => {
  const client = new Client({ limits: { maxConnectionsPerOrigin: workload.concurrency } });
  const { fetch } = client;
  const url = workloadUrl(workload);
  const exchanges = fetchExchanges(workload, (upload) => fetch(url, upload));
  return loopingRunner(workload, exchanges, () => client.close());
};
