import { AsyncLocalStorage } from 'node:async_hooks';
import type { LookupFunction } from 'node:net';

import { describe, expect, it } from 'vitest';

import type { ConnectError } from '../../contract/errors.ts';
import { resolveDnsOptions } from '../../model/dns-options.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { isAddress, Resolver, type Found, type Question } from './resolver.ts';

type Answer = [error: ConnectError | undefined, addresses: readonly string[]];

const addressesOf = (found: Found | undefined): string[] => (found?.endpoints ?? []).map(({ address }) => address);

/** As a pool makes it that is given no more than a look-up: nothing is kept. */
function resolverOf(lookup: LookupFunction | undefined): {
  resolve(question: Omit<Question, 'port'>, callback: (...answer: Answer) => void): { cancel(): void };
} {
  const resolver = new Resolver({ lookup, dns: resolveDnsOptions(undefined, lookup !== undefined) }, new FakeClock());
  return {
    resolve: (question, callback) => resolver.resolve({ ...question, port: 80 }, (error, found) => callback(error, addressesOf(found))),
  };
}

function answerOf(lookup: unknown, localAddress?: string, host = 'example.test'): Promise<Answer> {
  return new Promise((done) => {
    resolverOf(lookup as LookupFunction | undefined).resolve({ host, localAddress }, (...answer) => done(answer));
  });
}

describe('Resolver', () => {
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
    const resolver = resolverOf(lookup);
    resolver.resolve({ host: 'a.test', localAddress: undefined }, (...each) => void answers.push(each));
    answer(null, '192.0.2.1', 4);
    answer(new Error('late'));
    expect(answers).toEqual([[undefined, ['192.0.2.1']]]);
    resolver.resolve({ host: 'a.test', localAddress: undefined }, () => expect.unreachable()).cancel();
    answer(null, '192.0.2.1', 4);
  });

  it('asks the system without a lookup of the caller', async () => {
    const [error, addresses] = await answerOf(undefined, undefined, 'localhost');
    expect(error).toBeUndefined();
    expect(addresses.every((address) => address === '::1' || address.startsWith('127.'))).toBe(true);
  });
});

/** A look-up that answers when the test says so. */
function heldLookup(): { readonly lookup: LookupFunction; readonly asked: string[]; readonly answers: ((...answer: unknown[]) => void)[] } {
  const asked: string[] = [];
  const answers: ((...answer: unknown[]) => void)[] = [];
  const lookup = ((host: string, { family }: { family: number }, callback: (...answer: unknown[]) => void): void => {
    asked.push(`${host} ${family}`);
    answers.push(callback);
  }) as unknown as LookupFunction;
  return { lookup, asked, answers };
}

const one = [{ address: '192.0.2.1', family: 4 }];

describe('look-ups of one name', () => {
  it('are one while it is under way, whoever asks, and another afterwards', () => {
    const { lookup, asked, answers } = heldLookup();
    const resolver = resolverOf(lookup);
    const told: Answer[] = [];
    const ask = (host: string, localAddress?: string): void =>
      void resolver.resolve({ host, localAddress }, (...answer) => void told.push(answer));
    for (let count = 0; count < 200; count += 1) ask('a.test');
    ask('b.test');
    ask('a.test', '127.0.0.1');
    expect(asked).toEqual(['a.test 0', 'b.test 0', 'a.test 4']);
    answers[0]!(null, one);
    expect(told).toEqual(Array.from({ length: 200 }, () => [undefined, ['192.0.2.1']]));
    ask('a.test');
    expect(asked).toHaveLength(4);
  });

  it('share the answer and not the memory of it', () => {
    const { lookup, answers } = heldLookup();
    const resolver = resolverOf(lookup);
    const told: string[][] = [];
    for (let count = 0; count < 2; count += 1) {
      resolver.resolve({ host: 'a.test', localAddress: undefined }, (_error, addresses) => {
        told.push([...addresses]);
        (addresses as string[]).length = 0;
      });
    }
    answers[0]!(null, one);
    expect(told).toEqual([['192.0.2.1'], ['192.0.2.1']]);
  });

  it('fail for all that wait, each with an error of its own that says whose name it was', () => {
    const { lookup, answers } = heldLookup();
    const resolver = resolverOf(lookup);
    const errors: (ConnectError | undefined)[] = [];
    for (const owner of [undefined, 'the proxy at http://a.test:80']) {
      resolver.resolve({ host: 'a.test', localAddress: undefined, owner }, (error) => void errors.push(error));
    }
    const cause = Object.assign(new Error('x'), { code: 'ENOTFOUND' });
    answers[0]!(cause);
    expect(errors.map((error) => error?.message)).toEqual([
      'The name "a.test" could not be resolved: ENOTFOUND',
      'The name "a.test" of the proxy at http://a.test:80 could not be resolved: ENOTFOUND',
    ]);
    expect(errors.every((error) => error?.cause === cause)).toBe(true);
  });

  it.each([0, 1, 2])('go on for the others when number %i of three gives up', (leaving) => {
    const { lookup, asked, answers } = heldLookup();
    const resolver = resolverOf(lookup);
    const told: number[] = [];
    const all = [0, 1, 2].map((number) => resolver.resolve({ host: 'a.test', localAddress: undefined }, () => void told.push(number)));
    all[leaving]!.cancel();
    answers[0]!(null, one);
    expect(told).toEqual([0, 1, 2].filter((number) => number !== leaving));
    expect(asked).toHaveLength(1);
  });

  it('tell nobody whom another cancels from inside', () => {
    const { lookup, answers } = heldLookup();
    const resolver = resolverOf(lookup);
    resolver.resolve({ host: 'a.test', localAddress: undefined }, () => second.cancel());
    const second = resolver.resolve({ host: 'a.test', localAddress: undefined }, () => expect.unreachable());
    answers[0]!(null, one);
  });

  it('that never answer hold up nobody who asks after the first has given up', () => {
    const { lookup, asked, answers } = heldLookup();
    const resolver = resolverOf(lookup);
    const told: string[] = [];
    const first = resolver.resolve({ host: 'a.test', localAddress: undefined }, () => expect.unreachable());
    first.cancel();
    resolver.resolve({ host: 'a.test', localAddress: undefined }, () => void told.push('second'));
    resolver.resolve({ host: 'a.test', localAddress: undefined }, () => void told.push('third'));
    first.cancel();
    answers[0]!(null, one);
    expect([asked.length, told]).toEqual([2, []]);
    answers[1]!(null, one);
    expect(told).toEqual(['second', 'third']);
  });

  it('call back each in the async context in which it asked', () => {
    const { lookup, answers } = heldLookup();
    const resolver = resolverOf(lookup);
    const store = new AsyncLocalStorage<number>();
    const seen: (number | undefined)[] = [];
    for (const number of [1, 2]) {
      store.run(number, () => resolver.resolve({ host: 'a.test', localAddress: undefined }, () => void seen.push(store.getStore())));
    }
    answers[0]!(null, one);
    expect(seen).toEqual([1, 2]);
  });
});

describe('isAddress', () => {
  it('knows addresses from names', () => {
    expect(['127.0.0.1', '::1', 'fe80::1%eth0'].map(isAddress)).toEqual([true, true, true]);
    expect(['localhost', '127.1', '1.2.3.4.5', ''].map(isAddress)).toEqual([false, false, false, false]);
  });
});
