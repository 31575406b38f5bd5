import type { Job } from './job.ts';
import { download } from './jobs/download.ts';
import { getWithTimings } from './jobs/get-with-timings.ts';
import { manyAtOnce } from './jobs/many-at-once.ts';
import { postEchoed } from './jobs/post-echoed.ts';

/** In the order in which they run. */
export const jobs: readonly Job[] = [getWithTimings, postEchoed, download, manyAtOnce];
