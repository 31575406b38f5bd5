import { ConnectError, ProxyError, type HttpCoreError } from '../../contract/errors.ts';
import type { Proxy } from './proxy.ts';

/** What went wrong on the way to a proxy: that it was not reached, if it is not something else, such as options that can't be used. */
export function unreached(error: HttpCoreError, { origin }: Pick<Proxy, 'origin'>): HttpCoreError {
  return error instanceof ConnectError || error instanceof ProxyError ? error.withFacts({ unreachedProxy: origin }) : error;
}
