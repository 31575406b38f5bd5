/** undici at its leanest, with requests behind each other on a tenth of the connections. */
import type { OpenContender } from './contender.ts';
import { pipelined, pipelinedConnections } from './pool-options.ts';
import { openOn } from './undici-dispatch.ts';
import { undiciOptions } from './undici.ts';

export const open: OpenContender = (workload) =>
  openOn({ ...undiciOptions(workload), connections: pipelinedConnections(workload), pipelining: pipelined }, workload);
