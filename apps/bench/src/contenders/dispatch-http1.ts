/** Ours, the core, over HTTP/1.1 whatever the scenario speaks: what HTTP/2 has to beat. */
import type { OpenContender } from './contender.ts';
import { open as openDispatch } from './dispatch.ts';

export const open: OpenContender = (workload) => openDispatch({ ...workload, protocol: 'http/1.1' });
