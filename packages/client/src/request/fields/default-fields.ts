import type { HeaderPair } from '@x/httpcore';

import { acceptEncoding } from '../../codings/codings.ts';
import { version } from './version.ts';

/** Sent with every request that does not say otherwise. Names in lower case, as they travel over HTTP/2. */
export const defaultFields: readonly HeaderPair[] = Object.freeze([
  Object.freeze(['accept', '*/*'] as const),
  Object.freeze(['accept-encoding', acceptEncoding] as const),
  Object.freeze(['user-agent', `x-client/${version}`] as const),
]);
