import { isNativeError } from 'node:util/types';

import { describe, expect, it } from 'vitest';

import {
  ConnectError,
  ConnectTimeout,
  HttpCoreError,
  ofAnotherExchange,
  PoolTimeout,
  ProxyError,
  ReadError,
  RemoteProtocolError,
  TimeoutError,
  toCoreError,
  UnsupportedProtocol,
  withCallerStack,
  WriteError,
} from './errors.ts';

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
    expect(shared.requestSent).toBeUndefined();
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

  it('of a class of others is copied without calling its constructor', () => {
    class QuotaError extends HttpCoreError {
      readonly quota: number;
      constructor(user: { readonly name: string; readonly quota: number }) {
        super(`${user.name.toUpperCase()} is over ${user.quota}`, { code: 'QUOTA' });
        this.quota = user.quota;
      }
    }
    const own = new QuotaError({ name: 'ada', quota: 5 }).withFacts({ phase: 'send', method: 'POST', requestSent: true });
    expect(own).toBeInstanceOf(QuotaError);
    expect(own).toMatchObject({ message: 'ADA is over 5', code: 'QUOTA', quota: 5, method: 'POST', requestSent: true });
    expect(isNativeError(own)).toBe(true);
    expect(ofAnotherExchange(own)).toMatchObject({ message: 'ADA is over 5', method: undefined, requestSent: false });
  });

  it('does not say that sending again is safe where it does not know', () => {
    for (const Class of [HttpCoreError, ReadError, WriteError, RemoteProtocolError]) expect(new Class('x').requestSent).toBeUndefined();
    expect(new HttpCoreError('x', { phase: 'response-head' }).requestSent).toBeUndefined();
    expect(new HttpCoreError('x').withFacts({ requestSent: false }).requestSent).toBe(false);
    expect(new ReadError('x', { requestSent: true }).withFacts({ requestSent: false }).requestSent).toBe(true);
    // No connection, or a phase in which nothing can have been sent.
    for (const Class of [ConnectError, ConnectTimeout, PoolTimeout, ProxyError, UnsupportedProtocol]) {
      expect(new Class('x').requestSent).toBe(false);
    }
    for (const phase of ['request', 'pool', 'dns', 'connect', 'proxy', 'tls'] as const) {
      expect(new HttpCoreError('x', { phase }).requestSent).toBe(false);
    }
  });

  it('is told as it is where the program has its stacks its own way', () => {
    const { prepareStackTrace } = Error;
    try {
      for (const prepare of [
        (_: Error, sites: unknown[]) => sites,
        () => undefined,
        () => {
          throw new Error('no stack');
        },
      ]) {
        Error.prepareStackTrace = prepare;
        const error = new ReadError('x');
        expect(withCallerStack(error)).toBe(error);
      }
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });

  it('is made of whatever was thrown', () => {
    const own = new ReadError('x');
    const make = (said: string): HttpCoreError => new HttpCoreError(`failed: ${said}`);
    expect(toCoreError(own, make)).toBe(own);
    expect(toCoreError(new TypeError('y'), make).message).toBe('failed: y');
    expect(toCoreError(undefined, make).message).toBe('failed: undefined');
    expect(toCoreError(Object.create(null), make).message).toBe('failed: something that has no text');
  });

  it('leaves errors of others alone', () => {
    const other = new TypeError('x');
    expect(withCallerStack(other)).toBe(other);
  });
});
