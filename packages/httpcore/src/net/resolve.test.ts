import type { LookupFunction } from 'node:net';

import { describe, expect, it } from 'vitest';

import type { ConnectError } from '../contract/errors.ts';
import { interleaveFamilies, isAddress, resolve } from './resolve.ts';

type Answer = [error: ConnectError | undefined, addresses: readonly string[]];

function answerOf(lookup: unknown, localAddress?: string, host = 'example.test'): Promise<Answer> {
  return new Promise((done) => {
    resolve(host, { lookup: lookup as LookupFunction | undefined, localAddress }, (...answer) => done(answer));
  });
}

describe('resolve', () => {
  it('asks for all addresses, and puts the families in turn', async () => {
    let asked: unknown;
    const [error, addresses] = await answerOf((host: string, options: unknown, callback: (...answer: unknown[]) => void) => {
      asked = [host, options];
      callback(null, [
        { address: '2001:db8::1', family: 6 },
        { address: '2001:db8::2', family: 6 },
        { address: '192.0.2.1', family: 4 },
      ]);
    });
    expect(error).toBeUndefined();
    expect(addresses).toEqual(['2001:db8::1', '192.0.2.1', '2001:db8::2']);
    expect(asked).toEqual(['example.test', { all: true, family: 0, hints: 0 }]);
  });

  it('takes a single address with its family, from a lookup that does not know "all"', async () => {
    expect(
      await answerOf((_host: string, _options: unknown, callback: (...answer: unknown[]) => void) => callback(null, '192.0.2.7', 4)),
    ).toEqual([undefined, ['192.0.2.7']]);
  });

  it('drops duplicates, and what is not an IP address', async () => {
    const answer = ['192.0.2.1', { address: '192.0.2.1', family: 4 }, { address: 'elsewhere.test', family: 4 }, null, {}, 7];
    expect(await answerOf((_host: string, _options: unknown, callback: (...answer: unknown[]) => void) => callback(null, answer))).toEqual([
      undefined,
      ['192.0.2.1'],
    ]);
  });

  it('leaves out the family that the local address can not reach', async () => {
    const both = [
      { address: '2001:db8::1', family: 6 },
      { address: '192.0.2.1', family: 4 },
    ];
    let family: unknown;
    const lookup = (_host: string, options: { family: unknown }, callback: (...answer: unknown[]) => void): void => {
      family = options.family;
      callback(null, both);
    };
    expect((await answerOf(lookup, '127.0.0.1'))[1]).toEqual(['192.0.2.1']);
    expect(family).toBe(4);
    expect((await answerOf(lookup, '::1'))[1]).toEqual(['2001:db8::1']);
  });

  it.each([
    [
      'an error',
      (_h: string, _o: unknown, done: (error: Error) => void) => done(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
      'ENOTFOUND',
    ],
    ['no address', (_h: string, _o: unknown, done: (error: null, all: []) => void) => done(null, []), 'no address'],
    ['nothing', (_h: string, _o: unknown, done: (error: null) => void) => done(null), 'no address'],
    [
      'a throw',
      () => {
        throw new Error('broken lookup');
      },
      'broken lookup',
    ],
    ['a rejection', () => Promise.reject(new Error('async lookup')), 'async lookup'],
  ])('fails with DNS_FAILED on %s', async (_name, lookup, reason) => {
    const [error, addresses] = await answerOf(lookup);
    expect(error).toMatchObject({ name: 'ConnectError', code: 'DNS_FAILED', phase: 'dns' });
    expect(error?.message).toBe(`The name "example.test" could not be resolved: ${reason}`);
    expect(addresses).toEqual([]);
  });

  it('listens to the first answer only, and to none once cancelled', () => {
    const answers: Answer[] = [];
    let answer!: (...answer: unknown[]) => void;
    const lookup = ((_host: string, _options: unknown, callback: typeof answer) => void (answer = callback)) as unknown as LookupFunction;
    resolve('a.test', { lookup, localAddress: undefined }, (...each) => void answers.push(each));
    answer(null, '192.0.2.1', 4);
    answer(new Error('late'));
    expect(answers).toEqual([[undefined, ['192.0.2.1']]]);
    resolve('a.test', { lookup, localAddress: undefined }, () => expect.unreachable()).cancel();
    answer(null, '192.0.2.1', 4);
  });

  it('asks the system without a lookup of the caller', async () => {
    const [error, addresses] = await answerOf(undefined, undefined, 'localhost');
    expect(error).toBeUndefined();
    expect(addresses.every((address) => address === '::1' || address.startsWith('127.'))).toBe(true);
  });
});

describe('interleaveFamilies', () => {
  it.each([
    [['4a'], ['4a']],
    [
      ['4a', '4b', '6a', '6b'],
      ['4a', '6a', '4b', '6b'],
    ],
    [
      ['6a', '4a', '4b', '4c'],
      ['6a', '4a', '4b', '4c'],
    ],
    [
      ['6a', '6b', '6c', '4a'],
      ['6a', '4a', '6b', '6c'],
    ],
  ])('%j becomes %j', (given, expected) => {
    const address = (short: string): string => (short.startsWith('4') ? `192.0.2.${short.codePointAt(1)!}` : `2001:db8::${short[1]!}`);
    expect(interleaveFamilies(given.map(address))).toEqual(expected.map(address));
  });
});

describe('isAddress', () => {
  it('knows addresses from names', () => {
    expect(['127.0.0.1', '::1', 'fe80::1%eth0'].map(isAddress)).toEqual([true, true, true]);
    expect(['localhost', '127.1', '1.2.3.4.5', ''].map(isAddress)).toEqual([false, false, false, false]);
  });
});
