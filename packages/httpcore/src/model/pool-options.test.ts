import { afterEach, describe, expect, it } from 'vitest';

import type { Timeouts } from '../contract/values.ts';
import { checkedTimeouts, poolDefaults, resolvePoolOptions } from './pool-options.ts';

describe('resolvePoolOptions', () => {
  afterEach(() => {
    Reflect.deleteProperty(Object.prototype, 'rejectUnauthorized');
    Reflect.deleteProperty(Object.prototype, 'lenientHttp1');
  });

  it('fills in the defaults, also for undefined', () => {
    expect(resolvePoolOptions({ maxConnections: undefined, keepAliveTimeout: 7 })).toMatchObject({
      maxConnections: 256,
      keepAliveTimeout: 7,
    });
    expect(Object.isFrozen(poolDefaults)).toBe(true);
  });

  it('reads own properties only', () => {
    Object.assign(Object.prototype, { rejectUnauthorized: false, lenientHttp1: true });
    expect(() => resolvePoolOptions({ tls: { servername: '..' } })).toThrow(/tls\.servername/);
    const { tls, lenientHttp1 } = resolvePoolOptions({ tls: { servername: 'a' } });
    expect(lenientHttp1).toBe(false);
    expect(tls.rejectUnauthorized).toBeUndefined();
    expect(tls.servername).toBe('a');
  });

  it.each([
    ['maxConnections', 0],
    ['maxConnections', 1.5],
    ['maxConnectionsPerOrigin', -1],
    ['keepAliveTimeout', -1],
    ['keepAliveTimeout', Number.NaN],
    ['maxConnectionAge', -1],
    ['maxRequestsPerConnection', 0],
    ['maxIdleConnections', 0.5],
    ['pipelining', 0],
    ['pipelining', 101],
    ['pipelining', '2'],
    ['maxHeaderBytes', '1'],
    ['http1', 'yes'],
    ['http2', 'yes'],
    ['http2', null],
    ['timeouts', [1, 2, 3]],
    ['timeouts', [1, 2, 3, -4]],
    ['maxSockets', 3],
  ])('refuses %s: %j, naming it', (name, value) => {
    expect(() => resolvePoolOptions({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) as string }),
    );
  });

  it('refuses to speak no protocol', () => {
    expect(() => resolvePoolOptions({ http1: false, http2: false })).toThrow(/http2/);
  });

  it.each<[string, unknown]>([
    ['maxStreams', 1],
    ['maxConcurrentStreams', 0],
    ['maxConcurrentStreams', '1'],
    ['maxConnectionsPerOrigin', 1.5],
    ['streamWindow', 0],
    ['streamWindow', 2 ** 31],
    ['connectionWindow', 65_534],
    ['maxStreamWindow', Infinity],
    ['pingInterval', 0],
    ['pingTimeout', Number.NaN],
    ['idleTimeout', null],
    ['pingWhileIdle', 1],
  ])('says of http2 what is wrong with %s: %s', (name, value) => {
    const wrong = expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`"http2.${name}"`) as string });
    expect(() => resolvePoolOptions({ http2: { [name]: value } as never })).toThrow(wrong);
  });

  it('takes windows that fit each other, and an object for HTTP/2 with defaults', () => {
    expect(() => resolvePoolOptions({ http2: { streamWindow: 10, maxStreamWindow: 9 } })).toThrow(/http2.maxStreamWindow/);
    expect(resolvePoolOptions({ http2: {} })).toMatchObject({ http2: true, http2Settings: { pingInterval: 30_000, pingWhileIdle: false } });
    expect(resolvePoolOptions({ http2: false }).http2).toBe(false);
  });
});

describe('limits in time', () => {
  it('that nobody can change are taken as they are; others are copied', () => {
    const frozen: Timeouts = Object.freeze([1, 2, null, 4] as const);
    expect(checkedTimeouts(frozen)).toBe(frozen);
    expect(checkedTimeouts(frozen)).toBe(frozen);
    const open: [number, number, number, number] = [1, 2, 3, 4];
    const own = checkedTimeouts(open);
    open.fill(0);
    expect(own).toEqual([1, 2, 3, 4]);
    let reads = 0;
    const changing = Object.freeze(Object.defineProperty([1, 2, 3, 4], 0, { get: () => (reads += 1) })) as unknown as Timeouts;
    const read = checkedTimeouts(changing);
    expect(read[0]).toBe(read[0]);
    expect(() => checkedTimeouts(Object.freeze([1, 2, 3, -4] as const))).toThrow('timeouts');
  });
});
