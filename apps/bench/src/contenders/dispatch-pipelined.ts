/** Ours, the core, with requests behind each other on a tenth of the connections. */
import type { OpenContender } from './contender.ts';
import { openOn } from './dispatch.ts';
import { pipelined, pipelinedConnections, poolOptions } from './pool-options.ts';

export const open: OpenContender = async (workload) =>
  openOn({ ...poolOptions(workload), maxConnectionsPerOrigin: pipelinedConnections(workload), pipelining: pipelined }, workload);
