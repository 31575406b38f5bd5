import {
  Aborted,
  ConnectError,
  ConnectTimeout,
  LocalProtocolError,
  PoolTimeout,
  ProxyError,
  ReadError,
  ReadTimeout,
  RemoteProtocolError,
  WriteError,
  WriteTimeout,
} from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { AttemptTimeout } from './retry-errors.ts';
import { RetryOnConnectionFailure, RetryOnStatus, RetryOnTimeout, type RetryLimits } from './retry-limits.ts';
import { RetryFlows } from './retry-flows.ts';

const url = 'http://a.example/';
const get = new Request('GET', url);
const post = new Request('POST', url, { body: 'x' });
const keyed = new Request('POST', url, { body: 'x', headers: { 'Idempotency-Key': 'k' } });

async function wants(limit: RetryLimits, request: Request, outcome: Error | number): Promise<boolean> {
  const run = new RetryFlows([limit]);
  await run.begin(request);
  const onward =
    typeof outcome === 'number' ? await run.afterResponse(StreamResponse.of(request, { status: outcome })) : await run.afterError(outcome);
  expect(onward === undefined || onward === request).toBe(true);
  return onward !== undefined;
}

describe('connection failures', () => {
  const system = (code: string): Error => Object.assign(new Error(code), { code });
  const failures: readonly (readonly [string, Error, get: boolean, post: boolean])[] = [
    ['no connection', new ConnectError('x'), true, true],
    ['no name', new ConnectError('x', { code: 'DNS_FAILED' }), true, true],
    ['a certificate that is not accepted', new ConnectError('x', { code: 'TLS_FAILED', cause: system('CERT_HAS_EXPIRED') }), false, false],
    ['a handshake cut off', new ConnectError('x', { code: 'TLS_FAILED', cause: system('ECONNRESET') }), true, true],
    ['a handshake that failed for no known reason', new ConnectError('x', { code: 'TLS_FAILED' }), false, false],
    ['a connection that broke nobody says when', new WriteError('x'), true, false],
    ['a connection that took too long', new ConnectTimeout('x'), true, true],
    ['a connection that broke before anything was sent', new WriteError('x', { requestSent: false }), true, true],
    ['a connection that broke while it was sent', new WriteError('x', { requestSent: true }), true, false],
    ['a connection that closed without an answer', new ReadError('x', { requestSent: true, code: 'CONNECTION_CLOSED' }), true, false],
    ['a head cut off', new RemoteProtocolError('x', { requestSent: true, code: 'INCOMPLETE_HEAD' }), true, false],
    ['a stream turned away', new RemoteProtocolError('x', { requestSent: false, code: 'H2_REFUSED_STREAM' }), true, true],
    ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'CANCEL', 'ENHANCE_YOUR_CALM'].map(
      (name) =>
        [
          `a stream that the server resets with ${name}`,
          new RemoteProtocolError('x', { requestSent: true, code: `H2_${name}` }),
          true,
          false,
        ] as const,
    ),
    ['what we speak wrong over HTTP/2', new RemoteProtocolError('x', { requestSent: true, code: 'H2_FLOW_CONTROL_ERROR' }), false, false],
    ['an attempt that took too long', new AttemptTimeout('x', { requestSent: true }), true, false],
    ['an attempt that took too long to connect', new AttemptTimeout('x', { requestSent: false }), true, true],
    ['a proxy that finds no way', new ProxyError('x', { status: 502 }), true, true],
    ['a proxy that wants to know who we are', new ProxyError('x', { status: 407 }), false, false],
    ['a proxy that went away', new ProxyError('x', { code: 'PROXY_CLOSED' }), true, true],
    ['a SOCKS proxy that finds no way', new ProxyError('x', { reply: 4 }), true, true],
    ['a SOCKS proxy that allows no way', new ProxyError('x', { reply: 2 }), false, false],
    ["the caller's own body", new WriteError('x', { code: 'REQUEST_BODY_FAILED', requestSent: true }), false, false],
    ['an answer that is not HTTP', new RemoteProtocolError('x', { requestSent: true, code: 'INVALID_RESPONSE' }), false, false],
    ['a server that is slow', new ReadTimeout('x', { requestSent: true }), false, false],
    ['a pool that is full', new PoolTimeout('x'), false, false],
    ['a mistake of ours', new LocalProtocolError('x'), false, false],
    ['an abort', new Aborted('x'), false, false],
    ["somebody else's error", new TypeError('x'), false, false],
  ];

  it.each(failures)('%s', async (_, error, forGet, forPost) => {
    const limit = new RetryOnConnectionFailure();
    expect(await wants(limit, get, error)).toBe(forGet);
    expect(await wants(limit, post, error)).toBe(forPost);
    expect(await wants(limit, keyed, error)).toBe(forGet);
  });

  it('are no responses', async () => {
    expect(await wants(new RetryOnConnectionFailure(), get, 503)).toBe(false);
  });
});

describe('statuses', () => {
  it.each([408, 425, 429, 502, 503, 504])('%i is worth another try, for what is idempotent', async (status) => {
    const limit = new RetryOnStatus();
    expect(await wants(limit, get, status)).toBe(true);
    expect(await wants(limit, post, status)).toBe(false);
    expect(await wants(limit, keyed, status)).toBe(true);
  });

  it.each([200, 404, 500, 501])('%i is not', async (status) => {
    expect(await wants(new RetryOnStatus(), get, status)).toBe(false);
  });

  it('may be others, and for other methods', async () => {
    const limit = new RetryOnStatus({ statuses: [500], methods: ['POST'] });
    expect(await wants(limit, post, 500)).toBe(true);
    expect(await wants(limit, get, 500)).toBe(false);
    expect(await wants(limit, post, 503)).toBe(false);
  });

  it('may be told with the standard methods in any case', async () => {
    const limit = new RetryOnStatus({ methods: ['post', 'Custom'] });
    expect(await wants(limit, post, 503)).toBe(true);
    expect(await wants(limit, new Request('custom', url), 503)).toBe(false);
    expect(() => new RetryOnStatus({ methods: [7 as never] })).toThrow(/"method" must be a string/);
  });

  it('are no failures', async () => {
    expect(await wants(new RetryOnStatus(), get, new ConnectError('x'))).toBe(false);
  });
});

describe('limits in time', () => {
  it.each([
    [new ReadTimeout('x', { requestSent: true }), true, false],
    [new WriteTimeout('x', { requestSent: true }), true, false],
    [new ReadTimeout('x', { requestSent: false }), true, true],
    [new ReadTimeout('x'), true, false],
    [new ConnectTimeout('x'), false, false],
    [new ReadError('x'), false, false],
  ])('%s: %s, and %s for POST', async (error, forGet, forPost) => {
    expect(await wants(new RetryOnTimeout(), get, error)).toBe(forGet);
    expect(await wants(new RetryOnTimeout(), post, error)).toBe(forPost);
    expect(await wants(new RetryOnTimeout(), keyed, error)).toBe(forGet);
  });
});
