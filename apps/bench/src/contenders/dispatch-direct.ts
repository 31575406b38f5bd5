/** Ours, the core, past the proxy of the scenario: what a tunnel has to be as good as. */
import type { OpenContender } from './contender.ts';
import { open as openDispatch } from './dispatch.ts';

export const open: OpenContender = (workload) => openDispatch({ ...workload, proxy: null });
