/** Ours, with a cache that has nothing of what is asked for, and keeps all of it. */
import { clientCached } from './client-cached.ts';
import type { OpenContender } from './contender.ts';

export const open: OpenContender = clientCached((url, request) => `${url}?${request}`);
