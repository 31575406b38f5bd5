import { describe, expect, it, vi } from 'vitest';

import { authorizationFor, basicAuthenticator, isWorthAnother, tellAccepted, type ProxyAuthenticator } from './proxy-authenticator.ts';

const request = { proxy: 'http://p:80', method: 'CONNECT', target: 'a:443' };
const challenge = { headers: [], refused: undefined, attempt: 0 };
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
    expect(authorizationFor(basic, request)).toBe(value);
    expect(isWorthAnother(basic, request, challenge)).toBe(false);
  });
});

describe('an authenticator by somebody else', () => {
  it.each([['a\r\nb: c'], ['a\nb'], ['a\0'], ['€'], [5], [null], [{}], [Promise.resolve('a')], [undefined]])(
    'is not taken at its word: %j',
    (value) => {
      expect(authorizationFor({ authorize: () => value as string, challenged: () => false }, request)).toBeUndefined();
    },
  );

  it('is asked with what it is asked for, and may say yes twice', () => {
    const challenged = vi.fn(() => true);
    const own: ProxyAuthenticator = { authorize: ({ method, target }) => `${method} ${target}`, challenged };
    expect(authorizationFor(own, request)).toBe('CONNECT a:443');
    expect([0, 1, 2, 3].map((attempt) => isWorthAnother(own, request, { ...challenge, attempt }))).toEqual([true, true, false, false]);
    expect(challenged).toHaveBeenCalledTimes(2);
    expect(challenged).toHaveBeenCalledWith(request, { ...challenge, attempt: 1 });
  });

  it('is told that it was accepted, if it wants to hear it', () => {
    const accepted = vi.fn();
    tellAccepted({ authorize: () => 'a', challenged: () => false, accepted }, request, [['a', 'b']]);
    expect(accepted).toHaveBeenCalledWith(request, [['a', 'b']]);
    tellAccepted(basicAuthenticator('a', 'b'), request, []);
    tellAccepted(null, request, []);
  });

  it('breaks nothing by throwing', () => {
    expect([authorizationFor(never, request), isWorthAnother(never, request, challenge)]).toEqual([undefined, false]);
    tellAccepted(never, request, []);
  });

  it('says yes with a boolean alone', () => {
    const eager = { authorize: () => 'a', challenged: () => Promise.resolve(false) as unknown as boolean };
    expect(isWorthAnother(eager, request, challenge)).toBe(false);
  });
});
