/** Ours, what applications import, past the proxy of the scenario. */
import { open as openClient } from './client.ts';
import type { OpenContender } from './contender.ts';

export const open: OpenContender = (workload) => openClient({ ...workload, proxy: null });
