/** undici, with a cache that has nothing of what is asked for, and keeps all of it. */
import type { OpenContender } from './contender.ts';
import { undiciCached } from './undici-cached.ts';

export const open: OpenContender = undiciCached((url, request) => `${url}?${request}`);
