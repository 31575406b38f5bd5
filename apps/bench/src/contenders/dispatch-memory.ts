/** Ours, the core without sockets: `dispatch` and `body.bytes()`. */
import type { UrlParts } from '@x/httpcore';
import { TransportDispatcher } from '@x/httpcore/testing';
import { expectBytes, loopingRunner, type OpenContender } from './contender.ts';
import { MemoryTransport } from './memory-transport.ts';
import { poolOptions } from './pool-options.ts';

export const open: OpenContender = async (workload) => {
  const pool = new TransportDispatcher({ ...poolOptions(workload), connect: () => new MemoryTransport(workload.protocol) });
  const url: UrlParts = [workload.scheme, workload.host, workload.port, workload.target];
  return loopingRunner(
    workload,
    {
      async text() {
        const [, status, , , body] = await pool.dispatch('GET', url, [], null);
        expectBytes(workload, status, (await body.bytes()).length);
      },
    },
    () => pool.destroy(),
  );
};
