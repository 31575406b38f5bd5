/** Ours, with telemetry and without an SDK behind it: what libraries pay that have it for whoever may want it. */
import { clientWatched } from './client-telemetry.ts';
import type { OpenContender } from './contender.ts';

export const open: OpenContender = clientWatched(false);
