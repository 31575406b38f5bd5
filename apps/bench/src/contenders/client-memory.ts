/** Ours, the client without sockets: `client.get()` and `text()`. */
import { Client } from '@x/client';
import { TransportDispatcher } from '@x/httpcore/testing';
import { workloadUrl } from '../child/job.ts';
import { expectBytes, loopingRunner, type OpenContender } from './contender.ts';
import { MemoryTransport } from './memory-transport.ts';
import { poolOptions } from './pool-options.ts';

export const open: OpenContender = async (workload) => {
  const pool = new TransportDispatcher({ ...poolOptions(workload), connect: () => new MemoryTransport(workload.protocol) });
  const client = new Client({ dispatcher: pool });
  const url = workloadUrl(workload);
  return loopingRunner(
    workload,
    {
      async text() {
        const response = await client.get(url);
        expectBytes(workload, response.status, response.text().length);
      },
    },
    async () => {
      await client.close();
      await pool.destroy();
    },
  );
};
