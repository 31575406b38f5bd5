/** `fetch` as Node has it, over its own undici. */
import { workloadUrl } from '../child/job.ts';
import { loopingRunner, type OpenContender } from './contender.ts';
import { fetchExchanges } from './fetch-exchanges.ts';

export const open: OpenContender = async (workload) => {
  const url = workloadUrl(workload);
  const exchanges = fetchExchanges(workload, (upload) => fetch(url, upload));
  return loopingRunner(workload, exchanges, () => Promise.resolve());
};
