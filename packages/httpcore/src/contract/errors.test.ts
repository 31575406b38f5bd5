import { describe, expect, it } from 'vitest';

import { ConnectError, HttpCoreError, PoolTimeout, ProxyError, ReadError, TimeoutError, withCallerStack } from './errors.ts';

describe('an error of the core', () => {
  it('is copied with the facts of one exchange, and keeps what it knows', () => {
    const cause = new Error('ECONNRESET');
    const shared = new ReadError('The connection failed', { cause, phase: 'response-head' });
    const own = shared.withFacts({ phase: 'send', origin: 'http://a:80', method: 'GET', requestSent: true });
    expect(own).not.toBe(shared);
    expect(own).toBeInstanceOf(ReadError);
    expect(own).toMatchObject({
      name: 'ReadError',
      code: 'READ_FAILED',
      phase: 'response-head',
      origin: 'http://a:80',
      requestSent: true,
      cause,
    });
    expect(shared.requestSent).toBe(false);
  });

  it('keeps what its class adds', () => {
    const attempts = [{ address: '127.0.0.1', port: 1, code: 'ECONNREFUSED', reason: 'refused' }];
    expect(new ConnectError('no', { attempts }).withFacts({}).attempts).toEqual(attempts);
    expect(new ProxyError('no', { status: 407, headers: [['a', 'b']] }).withFacts({})).toMatchObject({
      status: 407,
      headers: [['a', 'b']],
    });
    expect(new PoolTimeout('no', { holders: [] }).withFacts({}).holders).toEqual([]);
    expect(new PoolTimeout('no')).toBeInstanceOf(TimeoutError);
  });

  it('ends in the line that awaited', async () => {
    async function dispatch(): Promise<never> {
      try {
        return await new Promise<never>((_resolve, reject) => {
          setImmediate(() => reject(new ReadError('The connection failed')));
        });
      } catch (error) {
        throw withCallerStack(error);
      }
    }
    async function theCaller(): Promise<void> {
      await dispatch();
    }
    const error: unknown = await theCaller().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HttpCoreError);
    expect((error as Error).stack).toMatch(/^ReadError \[READ_FAILED\]: The connection failed\n[\s\S]*theCaller/);
  });

  it('leaves errors of others alone', () => {
    const other = new TypeError('x');
    expect(withCallerStack(other)).toBe(other);
  });
});
