/** What fits a client: the package does not know its types. */
import { Client, type ProxyFunction } from '@x/client';
import { expectTypeOf } from 'vitest';

import { pac, systemProxy, type PacError } from '../src/index.ts';

expectTypeOf(pac('http://wpad.test/proxy.pac')).toExtend<ProxyFunction>();
expectTypeOf(systemProxy()).toExtend<ProxyFunction>();
expectTypeOf<PacError['code']>().toEqualTypeOf<string>();
void new Client({ proxy: pac({ text: '' }, { timeout: 50, lookup: async () => ['127.0.0.1'] }) });
void new Client({ proxy: systemProxy({ refreshAfter: 1_000, pac: { cacheFor: 0 } }) });
const client = new Client();
void pac(new URL('file:///etc/proxy.pac'), { fetch: client.fetch });
// @ts-expect-error a text has to be said to be one
void pac({});
// @ts-expect-error there is no such option
void systemProxy({ platform: 'linux' });
