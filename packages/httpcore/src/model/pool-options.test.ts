import { afterEach, describe, expect, it } from 'vitest';

import { poolDefaults, resolvePoolOptions } from './pool-options.ts';

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
    ['maxHeaderBytes', '1'],
    ['http1', 'yes'],
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
});
