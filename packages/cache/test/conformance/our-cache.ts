/** `@x/cache` over an origin in this process, as the cache tests drive it. */
import { mockDispatcher, ReadError, type HeaderPair } from '@x/httpcore';

import { cached, type CacheMode } from '../../src/index.ts';
import type { HttpCacheOptions } from '../../src/cache-options.ts';
import type { Subject, TestTime } from './cache-tests.ts';

export function ourCache(time: TestTime, options: HttpCacheOptions): Subject {
  return {
    async start(origin) {
      const dispatcher = cached(
        mockDispatcher(async (request) => {
          await request.body.bytes();
          const answer = origin(request.method, request.headers);
          for (const [status, headers] of answer.interim) request.inform(status, headers);
          if (answer.disconnect) throw new ReadError('The connection was closed', { code: 'CONNECTION_CLOSED' });
          return { status: answer.status, reason: answer.reason, headers: answer.headers, body: answer.body };
        }),
        { ...options, now: () => time.now() },
      );
      return {
        async send({ method, path, headers, body, mode }) {
          const interim: [number, readonly HeaderPair[]][] = [];
          const [, status, , fields, content] = await dispatcher.dispatch(
            method,
            ['http', 'origin.test', null, path],
            headers,
            body === null ? null : [Buffer.from(body)],
            undefined,
            { cacheMode: mode as CacheMode | undefined, onInformational: (code, _, pairs) => interim.push([code, pairs]) },
          );
          return { status, headers: fields, body: Buffer.from(await content.bytes()).toString(), interim };
        },
        close: () => dispatcher.close(),
      };
    },
  };
}
