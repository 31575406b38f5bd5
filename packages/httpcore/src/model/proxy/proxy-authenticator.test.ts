import { describe, expect, it, vi } from 'vitest';

import type { ConnectionInfo } from '../../contract/trace.ts';

import {
  authenticatorFailure,
  authorizationFor,
  basicAuthenticator,
  isWorthAnother,
  tellAccepted,
  type ProxyAuthenticator,
} from './proxy-authenticator.ts';
import { Proxy } from './proxy.ts';

const request = { proxy: 'http://p:80', method: 'CONNECT', target: 'a:443' };
const challenge = { headers: [], refused: undefined, attempt: 0 };
const connection = { id: 1 } as ConnectionInfo;
const never: ProxyAuthenticator = {
  authorize() {
    throw new Error('no');
  },
  challenged() {
    throw new Error('no');
  },
  accepted() {
    throw new Error('no');
  },
};

describe('Basic', () => {
  it.each([
    ['Aladdin', 'open sesame', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
    ['ada', '', 'Basic YWRhOg=='],
    ['', 'pw', 'Basic OnB3'],
    ['é', '€', `Basic ${Buffer.from('é:€').toString('base64')}`],
    ['a', 'b:c', `Basic ${Buffer.from('a:b:c').toString('base64')}`],
  ])('%s with %s', (user, password, value) => {
    const basic = basicAuthenticator(user, password);
    expect(authorizationFor(basic, request, connection)).toBe(value);
    expect(isWorthAnother(basic, request, challenge, connection)).toBe(false);
  });
});

describe('an authenticator by somebody else', () => {
  it.each([['a\r\nb: c'], ['a\nb'], ['a\0'], ['€'], [5], [null], [{}], [undefined]])('is not taken at its word: %j', (value) => {
    expect(authorizationFor({ authorize: () => value as string, challenged: () => false }, request, connection)).toBeUndefined();
  });

  it('is asked with what it is asked for, and may say yes twice', () => {
    const challenged = vi.fn(() => true);
    const own: ProxyAuthenticator = { authorize: ({ method, target }) => `${method} ${target}`, challenged };
    expect(authorizationFor(own, request, connection)).toBe('CONNECT a:443');
    expect([0, 1, 2, 3].map((attempt) => isWorthAnother(own, request, { ...challenge, attempt }, connection))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(challenged).toHaveBeenCalledTimes(2);
    expect(challenged).toHaveBeenCalledWith(request, { ...challenge, attempt: 1 }, connection);
  });

  it('is told that it was accepted, if it wants to hear it', () => {
    const accepted = vi.fn();
    tellAccepted({ authorize: () => 'a', challenged: () => false, accepted }, request, [['a', 'b']], connection);
    expect(accepted).toHaveBeenCalledWith(request, [['a', 'b']], connection);
    tellAccepted(basicAuthenticator('a', 'b'), request, [], connection);
    tellAccepted(null, request, [], connection);
  });

  it('breaks nothing by throwing', () => {
    expect([authorizationFor(never, request, connection), isWorthAnother(never, request, challenge, connection)]).toEqual([
      undefined,
      false,
    ]);
    tellAccepted(never, request, [], connection);
  });

  it('may take its time, and breaks nothing by failing then', async () => {
    const slow = (value: unknown): ProxyAuthenticator => ({
      authorize: () => value as Promise<string>,
      challenged: () => value as Promise<boolean>,
    });
    expect(await authorizationFor(slow(Promise.resolve('a')), request, connection)).toBe('a');
    expect(await authorizationFor(slow(Promise.resolve('a\r\nb: c')), request, connection)).toBeUndefined();
    expect(await isWorthAnother(slow(Promise.resolve(true)), request, challenge, connection)).toBe(true);
    expect(await isWorthAnother(slow(Promise.resolve('yes')), request, challenge, connection)).toBe(false);
    const failed = { ...request };
    expect(await authorizationFor(slow(Promise.reject(new Error('no ticket'))), failed, connection)).toBeUndefined();
    expect(await isWorthAnother(slow(Promise.reject(new Error('no ticket'))), request, challenge, connection)).toBe(false);
    expect(authenticatorFailure(failed)).toEqual(new Error('no ticket'));
  });

  it('says how many rounds it takes', () => {
    const rounds = (count: unknown): number => {
      const own = { rounds: count as number, authorize: () => 'a', challenged: () => true };
      return Array.from({ length: 20 }, (_, attempt) => isWorthAnother(own, request, { ...challenge, attempt }, connection)).filter(Boolean)
        .length;
    };
    expect([undefined, 1, 4, 16].map(rounds)).toEqual([2, 1, 4, 16]);
    expect([0, 17, 1.5, NaN, '3', null].map(rounds)).toEqual([2, 2, 2, 2, 2, 2]);
    for (const count of [0, 17, 1.5, '3', null]) {
      const own = { rounds: count as number, authorize: () => 'a', challenged: () => true };
      expect(() => new Proxy('http://p.test', { auth: own })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    }
  });
});
