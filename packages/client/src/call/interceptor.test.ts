import { describe, expect, it } from 'vitest';

import { plainJson } from '../request/json-settings.ts';
import { noData } from './call-data.ts';
import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { defaultTimeouts } from '../time/timeout.ts';
import { Chain, userLayer } from './chain.ts';
import { Passages } from './passage.ts';
import type { Interceptor, Send } from './interceptor.ts';
import { CallContext } from './context.ts';
import { noSignal } from './signals.ts';

const request = new Request('GET', 'http://a.example/');
const context = new CallContext(request, { json: plainJson, data: noData, timeout: defaultTimeouts }, noSignal, undefined, undefined);
const transport: Send = (sent) => Promise.resolve(StreamResponse.of(sent, { body: sent.headers.get('path') ?? '' }));

/** The first is the outermost. */
function chainOf(interceptors: readonly Interceptor[], end: Send): Send {
  return new Chain(interceptors.map(userLayer), Passages.before(end), {}).for({});
}

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
    expect(chainOf([], transport)).toBe(transport);
  });

  it('nests: the first interceptor is the outermost', async () => {
    const seen: string[] = [];
    const send = chainOf([mark('a', seen), mark('b', seen), mark('c', seen)], transport);
    expect(await (await send(request, context)).text()).toBe('abc');
    expect(seen).toEqual(['> a', '> b', '> c', '< c', '< b', '< a']);
  });

  it('lets an interceptor answer by itself, and send several times', async () => {
    const answering: Interceptor = async (incoming) => StreamResponse.of(incoming, { status: 418 });
    expect((await chainOf([answering], () => Promise.reject(new Error('not reached')))(request, context)).status).toBe(418);
    let sent = 0;
    const twice: Interceptor = async (incoming, _, next) => {
      await next(incoming);
      return next(incoming);
    };
    await chainOf([twice], (incoming, given) => {
      sent++;
      return transport(incoming, given);
    })(request, context);
    expect(sent).toBe(2);
  });

  it('gives every interceptor the same context', async () => {
    const seen: CallContext[] = [];
    const note: Interceptor = (incoming, given, next) => {
      seen.push(given);
      return next(incoming);
    };
    await chainOf([note, note], transport)(request, context);
    expect(seen).toEqual([context, context]);
  });

  it('names the interceptor that returns nothing, or sends something else', async () => {
    const forgetful = (async (incoming: Request, _: CallContext, next: (request: Request) => Promise<unknown>) => {
      await next(incoming);
    }) as unknown as Interceptor;
    await expect(chainOf([forgetful], transport)(request, context)).rejects.toThrow(
      'The interceptor "forgetful" returned no StreamResponse',
    );
    const confused: Interceptor = (_, __, next) => next('http://a.example' as unknown as Request);
    await expect(chainOf([confused], transport)(request, context)).rejects.toThrow(
      'The interceptor "confused" called next() without a Request',
    );
  });
});
