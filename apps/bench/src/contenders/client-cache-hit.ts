/** Ours, with what is asked for in its cache. */
import { clientCached } from './client-cached.ts';
import type { OpenContender } from './contender.ts';

export const open: OpenContender = clientCached((url) => url);
