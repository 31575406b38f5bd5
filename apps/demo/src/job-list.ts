import type { Job } from './job.ts';
import { cachedCrawl } from './jobs/cached-crawl.ts';
import { carriedFetch } from './jobs/carried-fetch.ts';
import { connectTunnel } from './jobs/connect-tunnel.ts';
import { cookieLogin } from './jobs/cookie-login.ts';
import { deadlineFires } from './jobs/deadline-fires.ts';
import { digestAuth } from './jobs/digest-auth.ts';
import { download } from './jobs/download.ts';
import { forwardProxy } from './jobs/forward-proxy.ts';
import { goaway } from './jobs/goaway.ts';
import { getWithTimings } from './jobs/get-with-timings.ts';
import { manyAtOnce } from './jobs/many-at-once.ts';
import { oneTrace } from './jobs/one-trace.ts';
import { postEchoed } from './jobs/post-echoed.ts';
import { recordedCalls } from './jobs/recorded-calls.ts';
import { retryRecovers } from './jobs/retry-recovers.ts';
import { sideBySide } from './jobs/side-by-side.ts';
import { socksProxy } from './jobs/socks-proxy.ts';
import { uploadFiles } from './jobs/upload-files.ts';

/** In the order in which they run. */
export const jobs: readonly Job[] = [
  getWithTimings,
  postEchoed,
  cookieLogin,
  digestAuth,
  retryRecovers,
  uploadFiles,
  deadlineFires,
  cachedCrawl,
  carriedFetch,
  recordedCalls,
  forwardProxy,
  connectTunnel,
  socksProxy,
  download,
  manyAtOnce,
  sideBySide,
  goaway,
  oneTrace,
];
