/** What is known of names, and for how long: on time of the test, by a look-up that is the test. */
import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';

import { resolveDnsOptions, type DnsOptions } from '../../model/dns-options.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { Resolver, type Question, type ResolverOptions } from './resolver.ts';

type Reply = string | readonly string[] | Error | null;

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** The look-up gives the next of `replies`, the last again and again; `null` is silence. */
class World {
  readonly clock = new FakeClock(1_000);
  readonly asked: string[] = [];
  replies: Reply[];
  readonly resolver: Resolver;

  constructor(replies: Reply[], dns: DnsOptions | null = {}, options: ResolverOptions = {}) {
    this.replies = replies;
    const lookup = ((host: string, _options: unknown, callback: (error: Error | null, addresses: readonly string[]) => void): void => {
      this.asked.push(host);
      const reply = this.replies.length > 1 ? this.replies.shift()! : this.replies[0]!;
      if (reply === null) return;
      if (reply instanceof Error) callback(reply, []);
      else callback(null, typeof reply === 'string' ? [reply] : reply);
    }) as unknown as LookupFunction;
    this.resolver = new Resolver({ lookup, dns: resolveDnsOptions(dns, false), ...options }, this.clock);
  }

  /** `address port…: source`, the code of the error, or `waits`. */
  ask(host = 'a.test', more: Partial<Question> = {}): string {
    let outcome = 'waits';
    this.resolver.resolve({ host, port: 80, localAddress: undefined, ...more }, (error, found) => {
      const { code } = (error?.cause ?? {}) as NodeJS.ErrnoException;
      outcome =
        found === undefined ? (code ?? String(error)) : `${found.endpoints.map(({ address }) => address).join(' ')}: ${found.source}`;
    });
    return outcome;
  }
}

describe('what is known of a name', () => {
  it('is what was said of it, whatever was planted on Object.prototype', () => {
    const planted = {
      addresses: [{ host: '203.0.113.9', port: 1 }],
      ttl: 1_000,
      name: { host: 'planted.test', port: 1 },
      cause: new Error('planted'),
    };
    const absent = new World([Object.assign(new Error('none'), { code: 'ENOTFOUND' })]);
    const fixed = new World(['192.0.2.1'], {}, { resolve: { 'a.test': '192.0.2.3', 'b.test': 'c.test' } });
    const shown: string[] = [];
    try {
      Object.assign(Object.prototype, planted);
      shown.push(absent.ask(), fixed.ask(), fixed.ask('b.test'), fixed.ask('d.test'));
    } finally {
      for (const key of Object.keys(planted)) Reflect.deleteProperty(Object.prototype, key);
    }
    expect(shown).toEqual(['ENOTFOUND', '192.0.2.3: fixed', '192.0.2.1: lookup', '192.0.2.1: lookup']);
    expect(fixed.asked).toEqual(['c.test', 'd.test']);
  });

  it('is used for its time, and asked for again then', () => {
    const world = new World(['192.0.2.1', '192.0.2.2']);
    expect([world.ask(), world.ask(), world.ask('b.test')]).toEqual(['192.0.2.1: lookup', '192.0.2.1: cache', '192.0.2.2: lookup']);
    world.clock.advance(9_999);
    expect(world.ask()).toBe('192.0.2.1: cache');
    world.clock.advance(1);
    expect(world.ask()).toBe('192.0.2.2: lookup');
    expect(world.asked).toEqual(['a.test', 'b.test', 'a.test']);
  });

  it('is by family, where our own address has one', () => {
    const world = new World([['192.0.2.1', '2001:db8::1']]);
    expect(world.ask()).toBe('192.0.2.1 2001:db8::1: lookup');
    expect(world.ask('a.test', { localAddress: '::1' })).toBe('2001:db8::1: lookup');
    expect(world.ask('a.test', { localAddress: '127.0.0.1' })).toBe('192.0.2.1: lookup');
    expect(world.ask()).toBe('192.0.2.1 2001:db8::1: cache');
  });

  it('is forgotten where an answer proved wrong, and not asked for twice by those who say so together', () => {
    const world = new World(['192.0.2.1', '192.0.2.2']);
    const newerThan = world.clock.now();
    world.ask();
    expect(world.ask()).toBe('192.0.2.1: cache');
    world.clock.advance(5);
    expect(world.ask('a.test', { newerThan })).toBe('192.0.2.2: lookup');
    expect(world.ask('a.test', { newerThan })).toBe('192.0.2.2: cache');
  });

  it('is counted: who was asked, and what answers there were without', () => {
    const world = new World(
      ['192.0.2.1', failure('EAI_AGAIN'), failure('ENOTFOUND')],
      { ttl: 1_000, staleIfError: 60_000 },
      {
        resolve: { 'fixed.test': '192.0.2.9' },
      },
    );
    for (let count = 0; count < 3; count += 1) world.ask();
    world.clock.advance(1_000);
    expect([world.ask(), world.ask()]).toEqual(['192.0.2.1: stale', '192.0.2.1: stale']);
    expect([world.ask('none.test'), world.ask('none.test')]).toEqual(['ENOTFOUND', 'ENOTFOUND']);
    for (const host of ['localhost', '127.0.0.1', 'fixed.test']) world.ask(host);
    // The name of this machine is asked for, since there is a look-up.
    expect(world.resolver.stats()).toEqual({ lookups: 4, failed: 3, hits: 2, stale: 2, negative: 1, known: 3 });
  });

  it('is at most so many names, and so many addresses', () => {
    const world = new World([Array.from({ length: 500 }, (_, number) => `192.0.2.${number % 256}`).concat('198.51.100.1')], {
      maxNames: 2,
    });
    expect(world.ask().split(' ')).toHaveLength(65);
    for (const host of ['b.test', 'c.test', 'c.test', 'b.test', 'a.test']) world.ask(host);
    expect(world.asked).toEqual(['a.test', 'b.test', 'c.test', 'a.test']);
  });

  it('may be nothing: for dns null, and with a look-up of the caller', () => {
    for (const dns of [null, { ttl: 0, negativeTtl: 0, staleIfError: 0 }]) {
      const world = new World(['192.0.2.1', '192.0.2.2', failure('EAI_AGAIN')], dns);
      expect([world.ask(), world.ask(), world.ask(), world.ask()]).toEqual([
        '192.0.2.1: lookup',
        '192.0.2.2: lookup',
        'EAI_AGAIN',
        'EAI_AGAIN',
      ]);
    }
    expect(resolveDnsOptions(undefined, true)).toMatchObject({ ttl: 0, negativeTtl: 0, staleIfError: 0, avoidFailing: 30_000 });
    expect(resolveDnsOptions({ ttl: 500 }, true)).toMatchObject({ ttl: 500, staleIfError: 0 });
  });
});

describe('that there is no such name', () => {
  it.each(['ENOTFOUND', 'ENODATA'])('is believed for a moment, and takes the place of what was known: %s', (code) => {
    const world = new World(['192.0.2.1', failure(code), '192.0.2.2']);
    world.ask();
    world.clock.advance(10_000);
    expect([world.ask(), world.ask()]).toEqual([code, code]);
    world.clock.advance(999);
    expect(world.ask()).toBe(code);
    world.clock.advance(1);
    expect(world.ask()).toBe('192.0.2.2: lookup');
    expect(world.asked).toHaveLength(3);
  });
});

describe('where nobody can say anything', () => {
  it.each(['EAI_AGAIN', 'ESERVFAIL', 'ETIMEOUT'])('what was known is used for a while, and asked for again now and then: %s', (code) => {
    const world = new World(['192.0.2.1', failure(code)]);
    world.ask();
    world.clock.advance(10_000);
    expect([world.ask(), world.ask()]).toEqual(['192.0.2.1: stale', '192.0.2.1: stale']);
    expect(world.asked).toHaveLength(2);
    world.clock.advance(1_000);
    expect(world.ask()).toBe('192.0.2.1: stale');
    expect(world.asked).toHaveLength(3);
    world.clock.advance(59_000);
    expect(world.ask()).toBe(code);
    world.replies = ['192.0.2.2'];
    expect(world.ask()).toBe('192.0.2.2: lookup');
  });

  it('and nothing was known, each asks for himself', () => {
    const world = new World([failure('EAI_AGAIN'), '192.0.2.1']);
    expect([world.ask(), world.ask(), world.ask()]).toEqual(['EAI_AGAIN', '192.0.2.1: lookup', '192.0.2.1: cache']);
  });

  it('what was known is used after a wait, by all who wait and who come, until there is an answer', () => {
    const world = new World(['192.0.2.1', null]);
    world.ask();
    world.clock.advance(10_000);
    const told: string[] = [];
    const wait = (): { cancel(): void } =>
      world.resolver.resolve({ host: 'a.test', port: 80, localAddress: undefined }, (_error, found) => void told.push(found!.source));
    wait();
    wait();
    world.clock.advance(1_799);
    expect(told).toEqual([]);
    world.clock.advance(1);
    expect(told).toEqual(['stale', 'stale']);
    wait();
    expect(told).toHaveLength(3);
    expect(world.asked).toHaveLength(2);
    expect(world.clock.pending).toBe(0);
  });

  it('and the one who is asked never answers, nobody is held up once there is no old answer any more', () => {
    const world = new World(['192.0.2.1', null, '192.0.2.2']);
    world.ask();
    world.clock.advance(10_000);
    world.ask();
    world.clock.advance(1_800);
    expect(world.ask()).toBe('192.0.2.1: stale');
    world.clock.advance(60_000);
    expect([world.ask(), world.ask()]).toEqual(['192.0.2.2: lookup', '192.0.2.2: cache']);
    expect(world.asked).toHaveLength(3);
  });

  it('whoever gives up before leaves no timer behind', () => {
    const world = new World(['192.0.2.1', null]);
    world.ask();
    world.clock.advance(10_000);
    world.resolver.resolve({ host: 'a.test', port: 80, localAddress: undefined }, () => expect.unreachable()).cancel();
    expect(world.clock.pending).toBe(0);
  });
});

describe('the addresses of a name', () => {
  it('are begun with in turn where that is wanted, over several answers', () => {
    const world = new World([['192.0.2.1', '192.0.2.2', '192.0.2.3']], { spread: true, ttl: 1 });
    const firsts = Array.from({ length: 6 }, () => {
      world.clock.advance(1);
      return world.ask().split(' ')[0];
    });
    expect(firsts).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.1', '192.0.2.2', '192.0.2.3']);
  });

  it('that failed come last for a while, and one dial tries each again', () => {
    const world = new World([['2001:db8::1', '192.0.2.1']], { ttl: 600_000, maxTtl: 600_000 });
    expect(world.ask()).toBe('2001:db8::1 192.0.2.1: lookup');
    world.resolver.onFailed({ address: '2001:db8::1', port: 80 });
    expect(world.ask()).toBe('192.0.2.1 2001:db8::1: cache');
    expect(world.ask('a.test', { port: 443 })).toBe('2001:db8::1 192.0.2.1: cache');
    world.clock.advance(30_000);
    expect([world.ask(), world.ask()]).toEqual(['2001:db8::1 192.0.2.1: cache', '192.0.2.1 2001:db8::1: cache']);
    world.resolver.onConnected({ address: '2001:db8::1', port: 80 });
    expect(world.ask()).toBe('2001:db8::1 192.0.2.1: cache');
  });
});

describe('names that are not looked up', () => {
  it('localhost and what is below it are this machine, in both families', () => {
    const world = new World(['192.0.2.1'], {}, { lookup: undefined });
    for (const host of ['localhost', 'app.localhost', 'a.b.localhost.']) expect(world.ask(host)).toBe('::1 127.0.0.1: localhost');
    expect(world.ask('app.localhost', { localAddress: '127.0.0.1' })).toBe('127.0.0.1: localhost');
    world.resolver.onFailed({ address: '::1', port: 80 });
    expect(world.ask('app.localhost')).toBe('127.0.0.1 ::1: localhost');
    // A look-up of the caller decides about all names.
    expect(new World(['192.0.2.1']).ask('app.localhost')).toBe('192.0.2.1: lookup');
    expect(new World(['192.0.2.1']).ask('notlocalhost')).toBe('192.0.2.1: lookup');
  });

  it('are given, by addresses or by another name', () => {
    const resolve = {
      'a.test': ['10.0.0.1', '::1', '10.0.0.2:81'],
      'b.test:80': 'c.test:8080',
      '*.app.test': 'localhost',
      'c.test': '10.0.0.9',
    };
    const world = new World(['192.0.2.1'], {}, { resolve });
    expect(world.ask()).toBe('10.0.0.1 ::1 10.0.0.2: fixed');
    expect(world.ask('a.test', { localAddress: '::1' })).toBe('::1: fixed');
    world.resolver.onFailed({ address: '10.0.0.1', port: 80 });
    world.resolver.onFailed({ address: '10.0.0.2', port: 80 });
    expect(world.ask()).toBe('::1 10.0.0.2 10.0.0.1: fixed');
    // What another name leads to is not replaced again.
    expect(world.ask('b.test')).toBe('192.0.2.1: lookup');
    expect(world.asked).toEqual(['c.test']);
    expect(world.ask('b.test', { port: 443 })).toBe('192.0.2.1: lookup');
    let ports: readonly number[] = [];
    const question = { host: 'b.test', port: 80, localAddress: undefined };
    world.resolver.resolve(question, (_error, found) => void (ports = found!.endpoints.map(({ port }) => port)));
    expect(ports).toEqual([8080]);
    const only4 = new World(['192.0.2.1'], {}, { resolve: { 'a.test': '10.0.0.1' } });
    expect(only4.ask('a.test', { localAddress: '::1' })).toMatch(/gives no IPv6 address/);
    expect(only4.resolver.isFixed('a.test', 1)).toBe(true);
    expect(only4.resolver.isFixed('b.test', 1)).toBe(false);
    // Another port of whatever host it is.
    const elsewhere = new World(['192.0.2.1'], {}, { resolve: { '*:80': ':8080' } });
    expect(elsewhere.ask('d.test')).toBe('192.0.2.1: lookup');
    elsewhere.resolver.resolve({ host: '192.0.2.9', port: 80, localAddress: undefined }, (_error, found) =>
      expect(found?.endpoints).toEqual([{ address: '192.0.2.9', port: 8080 }]),
    );
    expect(elsewhere.asked).toEqual(['d.test']);
  });
});

it.each([
  { ttl: -1 },
  { maxTtl: Number.NaN },
  { negativeTtl: '1' },
  { maxNames: 0 },
  { spread: 1 },
  { servers: [] },
  { servers: 'mine' },
  { servers: [5] },
  { time: 5 },
])('dns: %j is refused, by its name', (dns) => {
  const name = Object.keys(dns)[0]!;
  expect(() => resolveDnsOptions(dns as DnsOptions, false)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`"dns.${name}"`) as string }),
  );
});
