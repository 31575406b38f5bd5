/** undici, with what is asked for in its cache. */
import type { OpenContender } from './contender.ts';
import { undiciCached } from './undici-cached.ts';

export const open: OpenContender = undiciCached((url) => url);
