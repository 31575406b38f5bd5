import { describe, expect, it } from 'vitest';

import { noAuth } from '../auth/auth-settings.ts';
import { noCookies } from '../cookies/cookie-settings.ts';
import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { defaultReadSettings } from '../decoding/decoding-settings.ts';
import { defaultRedirects } from '../redirects/redirect-settings.ts';
import { defaultTimeouts } from '../time/timeout.ts';
import { noProxies } from '../proxies/proxy-settings.ts';
import { compose, type Interceptor, type Send } from './interceptor.ts';
import { SendContext } from './context.ts';
import { noSignal } from './signals.ts';

const request = new Request('GET', 'http://a.example/');
const context = new SendContext(
  request,
  {
    timeout: defaultTimeouts,
    reading: defaultReadSettings,
    redirects: defaultRedirects,
    retries: null,
    auth: noAuth,
    cookies: noCookies,
    proxies: noProxies,
  },
  noSignal,
  undefined,
  undefined,
);
const transport: Send = (sent) => Promise.resolve(StreamResponse.of(sent, { body: sent.headers.get('path') ?? '' }));

function mark(name: string, seen: string[]): Interceptor {
  return async (incoming, _, next) => {
    seen.push(`> ${name}`);
    const response = await next(incoming.with({ headers: { path: `${incoming.headers.get('path') ?? ''}${name}` } }));
    seen.push(`< ${name}`);
    return response;
  };
}

describe('a chain', () => {
  it('without interceptors is the transport itself', () => {
    expect(compose([], transport)).toBe(transport);
  });

  it('nests: the first interceptor is the outermost', async () => {
    const seen: string[] = [];
    const send = compose([mark('a', seen), mark('b', seen), mark('c', seen)], transport);
    expect(await (await send(request, context)).text()).toBe('abc');
    expect(seen).toEqual(['> a', '> b', '> c', '< c', '< b', '< a']);
  });

  it('lets an interceptor answer by itself, and send several times', async () => {
    const answering: Interceptor = async (incoming) => StreamResponse.of(incoming, { status: 418 });
    expect((await compose([answering], () => Promise.reject(new Error('not reached')))(request, context)).status).toBe(418);
    let sent = 0;
    const twice: Interceptor = async (incoming, _, next) => {
      await next(incoming);
      return next(incoming);
    };
    await compose([twice], (incoming, given) => {
      sent++;
      return transport(incoming, given);
    })(request, context);
    expect(sent).toBe(2);
  });

  it('gives every interceptor the same context', async () => {
    const seen: SendContext[] = [];
    const note: Interceptor = (incoming, given, next) => {
      seen.push(given);
      return next(incoming);
    };
    await compose([note, note], transport)(request, context);
    expect(seen).toEqual([context, context]);
  });

  it('names the interceptor that returns nothing, or sends something else', async () => {
    const forgetful = (async (incoming: Request, _: SendContext, next: (request: Request) => Promise<unknown>) => {
      await next(incoming);
    }) as unknown as Interceptor;
    await expect(compose([forgetful], transport)(request, context)).rejects.toThrow(
      'The interceptor "forgetful" returned no StreamResponse',
    );
    const confused: Interceptor = (_, __, next) => next('http://a.example' as unknown as Request);
    await expect(compose([confused], transport)(request, context)).rejects.toThrow(
      'The interceptor "confused" called next() without a Request',
    );
  });
});
