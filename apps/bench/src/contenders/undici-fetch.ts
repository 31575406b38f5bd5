/** undici's `fetch`, from the package rather than from Node, so that its release is the one the report names. */
import { workloadUrl } from '../child/job.ts';
import { loopingRunner, type OpenContender } from './contender.ts';
import { fetchExchanges } from './fetch-exchanges.ts';
import { loadUndici, undiciOptions } from './undici.ts';

export const open: OpenContender = async (workload) => {
  const { Agent, fetch } = await loadUndici();
  const dispatcher = new Agent(undiciOptions(workload));
  const url = workloadUrl(workload);
  const exchanges = fetchExchanges(workload, (upload) => {
    return fetch(url, { ...upload, dispatcher });
  });
  return loopingRunner(workload, exchanges, () => dispatcher.close());
};
