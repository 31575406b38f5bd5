/** ky, on Node's own `fetch`. */
import { workloadUrl } from '../child/job.ts';
import { installedPeer } from '../child/peers.ts';
import { loopingRunner, type OpenContender } from './contender.ts';
import { fetchExchanges, type FetchedResponse } from './fetch-exchanges.ts';

export const open: OpenContender = async (workload) => {
  const { default: ky } =
    installedPeer('ky') === 'ky-1' ? ((await import('ky-1')) as unknown as typeof import('ky-2')) : await import('ky-2');
  const url = workloadUrl(workload);
  // ky ends a request after ten seconds; a large body on a busy machine may take longer.
  const client = ky.create({ timeout: false });
  const exchanges = fetchExchanges(workload, (upload) => {
    const response: unknown = upload === undefined ? client.get(url) : client.post(url, upload);
    return response as Promise<FetchedResponse>;
  });
  return loopingRunner(workload, exchanges, () => undefined);
};
