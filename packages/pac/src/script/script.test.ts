import { describe, expect, it } from 'vitest';

import { isInNet, isInPrefix, sortedAddresses } from './addresses.ts';
import { runWithin } from './hard-limit.ts';
import { parseResult } from './result.ts';
import { PacScript, type ScriptHost } from './script.ts';

const names: Readonly<Record<string, readonly string[]>> = {
  'www.example.test': ['2001:db8::7', '192.0.2.7'],
  'intra.example.test': ['10.1.2.3'],
  'six.example.test': ['2001:db8::1'],
};

interface Asked extends ScriptHost {
  readonly looked: string[];
  readonly alerts: string[];
}

function host(date = '2026-11-28T12:34:56Z'): Asked {
  const looked: string[] = [];
  const alerts: string[] = [];
  let elapsed = 0;
  return {
    looked,
    alerts,
    async lookup(name) {
      looked.push(name);
      return names[name] ?? [];
    },
    ownAddresses: () => ['192.0.2.99', '2001:db8::99'],
    now: () => new Date(date),
    // A millisecond each time that the interpreter looks: no load of the machine makes a difference.
    elapsed: () => (elapsed += 1),
    within: (_milliseconds, run) => ({ result: run() }),
    alert: (message) => void alerts.push(message),
  };
}

const limits = { timeout: 1_000, memory: 16_777_216 };

/** What an expression comes to in a script. */
async function valueOf(expression: string, on: ScriptHost = host()): Promise<unknown> {
  const script = await PacScript.compile(`function FindProxyForURL(url, host) { return JSON.stringify([${expression}]); }`, on, limits);
  try {
    return (JSON.parse(await script.find('https://www.example.test/', 'www.example.test')) as unknown[])[0];
  } finally {
    script.close();
  }
}

// Many in one interpreter: each costs its making.
async function valuesOf(expressions: readonly string[], on?: ScriptHost): Promise<unknown> {
  return valueOf(`[${expressions.join(',')}]`, on);
}

describe('a script finds', () => {
  it.each<[string, [expression: string, value: unknown][]]>([
    [
      'what is said of names',
      [
        ['isPlainHostName("www")', true],
        ['convert_addr("10.0.0.1")', 167772161],
        ['convert_addr("192.168.0.1")', -1062731775],
        ['isPlainHostName("www.example.test")', false],
        ['isPlainHostName("::1")', false],
        ['dnsDomainIs("www.example.test", ".example.test")', true],
        ['dnsDomainIs("WWW.Example.test", ".EXAMPLE.test")', true],
        ['dnsDomainIs("www", ".example.test")', false],
        ['localHostOrDomainIs("www.example.test", "www.example.test")', true],
        ['localHostOrDomainIs("www", "www.example.test")', true],
        ['localHostOrDomainIs("ww", "www.example.test")', false],
        ['localHostOrDomainIs("www.other.test", "www.example.test")', false],
        ['dnsDomainLevels("www")', 0],
        ['dnsDomainLevels("www.example.test")', 2],
      ],
    ],
    [
      'what names lead to',
      [
        ['isResolvable("www.example.test")', true],
        ['isResolvable("nowhere.test")', false],
        ['isResolvable("six.example.test")', false],
        ['isResolvableEx("six.example.test")', true],
        ['dnsResolve("www.example.test")', '192.0.2.7'],
        ['dnsResolve("nowhere.test")', null],
        ['dnsResolve("192.0.2.1")', '192.0.2.1'],
        ['dnsResolveEx("www.example.test")', '2001:db8::7;192.0.2.7'],
        ['isInNet("intra.example.test", "10.0.0.0", "255.0.0.0")', true],
        ['isInNet("10.9.9.9", "10.1.0.0", "255.255.0.0")', false],
        ['isInNet("nowhere.test", "0.0.0.0", "0.0.0.0")', false],
        ['isInNetEx("six.example.test", "2001:db8::/32")', true],
        ['isInNetEx("intra.example.test", "10.0.0.0/8")', true],
        ['isInNetEx("intra.example.test", "2001:db8::/32")', false],
        ['isInNetEx("intra.example.test", "fe80::/10;10.0.0.0/8")', true],
        ['isInNetEx("six.example.test", "10.0.0.0/8; 2001:db8::/32 ;")', true],
        ['isInNetEx("six.example.test", "10.0.0.0/8;fe80::/10")', false],
        ['isInNetEx("six.example.test", ";")', false],
        ['myIpAddress()', '192.0.2.99'],
        ['myIpAddressEx()', '192.0.2.99;2001:db8::99'],
        ['sortIpAddressList("10.0.0.9;2001:db8::1;9.9.9.9")', '2001:db8::1;9.9.9.9;10.0.0.9'],
        ['sortIpAddressList("x;10.0.0.9")', false],
        ['getClientVersion()', '1.0'],
      ],
    ],
    [
      'patterns',
      [
        ['shExpMatch("https://www.example.test/a", "*/www.*/?")', true],
        ['shExpMatch("https://www.example.test/ab", "*/www.*/?")', false],
        ['shExpMatch("a.b", "a?b")', true],
        ['shExpMatch("axb", "a.b")', false],
        ['shExpMatch("", "*")', true],
        ['shExpMatch("abc", "a*b*c*")', true],
        ['shExpMatch("a+(b)", "a+(b)")', true],
        ['shExpMatch("x".repeat(20000), "*x".repeat(200) + "y")', false],
      ],
    ],
    [
      // It is Saturday, 28 November 2026, 12:34:56.
      'the time',
      [
        ['weekdayRange("SAT", "GMT")', true],
        ['weekdayRange("mon", "fri", "GMT")', false],
        ['weekdayRange("FRI", "MON", "GMT")', true],
        ['weekdayRange("DAY", "GMT")', false],
        ['dateRange(28, "GMT")', true],
        ['dateRange(1, 27, "GMT")', false],
        ['dateRange(20, 5, "GMT")', true],
        ['dateRange("NOV", "GMT")', true],
        ['dateRange("OCT", "FEB", "GMT")', true],
        ['dateRange("JAN", "OCT", "GMT")', false],
        ['dateRange(2026, "GMT")', true],
        ['dateRange(2027, 2030, "GMT")', false],
        ['dateRange(24, "DEC", 6, "JAN", "GMT")', false],
        ['dateRange(28, "NOV", 6, "JAN", "GMT")', true],
        ['dateRange("NOV", 2026, "JAN", 2027, "GMT")', true],
        ['dateRange(29, "NOV", 2026, 1, "JAN", 2027, "GMT")', false],
        ['dateRange(1, "JAN", 2026, 28, "NOV", 2026, "GMT")', true],
        ['dateRange(28, "NOV", 2026, "JAN", "GMT")', false],
        ['timeRange(12, "GMT")', true],
        ['timeRange(13, "GMT")', false],
        ['timeRange(9, 12, "GMT")', true],
        ['timeRange(22, 6, "GMT")', false],
        ['timeRange(12, 0, 12, 34, "GMT")', true],
        ['timeRange(12, 35, 12, 40, "GMT")', false],
        ['timeRange(12, 34, 57, 13, 0, 0, "GMT")', false],
        ['timeRange(23, 0, 0, 12, 34, 56, "GMT")', true],
        ['timeRange("x", "GMT")', false],
      ],
    ],
  ])('%s', async (_name, cases) => {
    expect(await valuesOf(cases.map(([expression]) => expression))).toEqual(cases.map(([, value]) => value));
  });

  it('the local time where it says no GMT', async () => {
    const date = new Date('2026-11-28T12:34:56Z');
    const expected = [`timeRange(${date.getHours()})`, `dateRange(${date.getDate()})`, `timeRange(${(date.getHours() + 1) % 24})`];
    expect(await valuesOf(expected)).toEqual([true, true, false]);
  });

  it('somebody to tell', async () => {
    const on = host();
    await valueOf('alert("here"), 1', on);
    expect(on.alerts).toEqual(['here']);
  });

  it('nothing else', async () => {
    const missing = ['require', 'process', 'fetch', 'setTimeout', 'console', '$host', 'WebAssembly', 'navigator'];
    expect(await valuesOf(missing.map((name) => `typeof ${name}`))).toEqual(missing.map(() => 'undefined'));
  });
});

describe('a script of Windows', () => {
  it.each([
    [
      'is asked for what knows of IPv6',
      'function FindProxyForURL() { return "DIRECT"; } function FindProxyForURLEx(url, host) { return "PROXY " + host; }',
      'PROXY x.test',
    ],
    ['may have nothing else', 'function FindProxyForURLEx(url, host) { return "PROXY " + host; }', 'PROXY x.test'],
    ['is asked for what is a function', 'var FindProxyForURLEx = 1; function FindProxyForURL() { return "DIRECT"; }', 'DIRECT'],
  ])('%s', async (_, text, answer) => {
    const script = await PacScript.compile(text, host(), limits);
    expect(await script.find('http://x.test/', 'x.test')).toBe(answer);
    script.close();
  });
});

describe('a script that asks for names', () => {
  it('runs again once they are known, each asked for once', async () => {
    const on = host();
    const text = `function FindProxyForURL(url, host) {
      var seen = [];
      for (var name of ['www', 'intra', 'nowhere']) { try { seen.push(dnsResolve(name + '.example.test')); } catch (error) { seen.push('caught'); } }
      return seen.join();
    }`;
    const script = await PacScript.compile(text, on, limits);
    expect(await script.find('http://x.test/', 'x.test')).toBe('192.0.2.7,10.1.2.3,');
    expect(on.looked).toEqual(['www.example.test', 'intra.example.test', 'nowhere.example.test']);
    script.close();
  });

  it('and never has enough is not answered', async () => {
    const script = await PacScript.compile(
      'function FindProxyForURL() { return isResolvable(Math.random() + ".test") ? "" : ""; }',
      host(),
      limits,
    );
    await expect(script.find('http://x.test/', 'x.test')).rejects.toMatchObject({ code: 'PAC_FAILED' });
    script.close();
  });
});

describe('a script that is bad', () => {
  it.each([
    ['no script', 'function (', 'PAC_INVALID'],
    ['HTML', '<!doctype html><p>Sign in', 'PAC_INVALID'],
    ['without the function', 'function FindProxy() {}', 'PAC_INVALID'],
    ['with something else of its name', 'var FindProxyForURL = 1', 'PAC_INVALID'],
    ['endless at once', 'for (;;) {}', 'PAC_TIMEOUT'],
  ])('is told when it is %s', async (_name, text, code) => {
    await expect(PacScript.compile(text, host(), { ...limits, timeout: 20 })).rejects.toMatchObject({ name: 'PacError', code });
  });

  it.each([
    ['throws', 'throw new Error("secret ".repeat(100))', 'PAC_FAILED'],
    ['throws what is no error', 'throw null', 'PAC_FAILED'],
    ['never ends', 'for (;;) { try { for (;;) {} } catch (error) {} }', 'PAC_TIMEOUT'],
    ['never ends in a pattern', '/(a+)+$/.test("a".repeat(50) + "b")', 'PAC_TIMEOUT'],
    ['takes all memory', 'var a = []; for (;;) a.push("x".repeat(10000) + a.length)', 'PAC_TIMEOUT'],
    ['calls itself', '(function again() { again(); })()', 'PAC_FAILED'],
    ['gives a number', 'return 1', 'PAC_RESULT'],
    ['nests lists until there is no stack', 'return JSON.stringify(JSON.parse("[".repeat(100000) + "]".repeat(100000)))', 'PAC_FAILED'],
  ])('is told when it %s, and may do better the next time', async (_name, body, code) => {
    const text = `var calls = 0; function FindProxyForURL(url, host) { if (host === 'bad.test') { ${body} } return 'PROXY ' + host; }`;
    const script = await PacScript.compile(text, host(), { timeout: 50, memory: 2_097_152 });
    for (let round = 0; round < 2; round += 1) {
      const error = (await script.find('http://bad.test/', 'bad.test').catch((thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({ name: 'PacError', code });
      expect(error.message.length).toBeLessThan(200);
      expect(await script.find('http://good.test/', 'good.test')).toBe('PROXY good.test');
    }
    script.close();
  });
});

describe('a script that spends its time in one built-in', () => {
  const endless = 'var a = []; a.length = 4294967295;';
  it('is stopped by what the built-in takes', async () => {
    const bodies = [
      ...[
        'indexOf(1)',
        'includes(1)',
        'lastIndexOf(1)',
        'join()',
        'reverse()',
        'concat([1])',
        'slice()',
        'forEach(alert)',
        'map(alert)',
      ].map((call) => `${endless} a.${call}`),
      ...['sort()', 'fill(1)', 'flat()', 'splice(0, 1)', 'shift()', 'unshift(1)', 'toString()', 'some(alert)', 'reduce(alert)'].map(
        (call) => `${endless} a.${call}`,
      ),
      `${endless} [].concat(a)`,
      `${endless} [[a]].flat(2)`,
      `${endless} [1].flatMap(function () { return a; })`,
      'Array.prototype.indexOf.call({ length: 9007199254740991 }, 1)',
      'Array.prototype.join.call({ get length() { return 9007199254740991; } })',
      'new Array(1e8).fill(1).sort()',
      'var s = "a".repeat(1000000); s.indexOf(s + "c")',
      'var s = "a".repeat(1000000); s.split({ toString: function () { return s + "c"; } })',
      'var s = "a".repeat(1000000); (s + s).replaceAll(s + "c", "")',
    ];
    const text = `function FindProxyForURL(url, host) { switch (Number(host)) { ${bodies.map((body, index) => `case ${index}: ${body}; return "done"`).join(';')} } }`;
    const script = await PacScript.compile(text, host(), limits);
    for (const [index, body] of bodies.entries()) {
      const said = await script.find('http://x.test/', String(index)).catch((error: unknown) => (error as Error).message);
      expect([body, said]).toEqual([body, expect.stringMatching(/too long/)]);
    }
    script.close();
  });

  it('again and again, is stopped when its time is over', async () => {
    const bodies = [
      'var a = []; for (var i = 0; i < 50000; i++) a[i] = i % 977; for (;;) a.sort()',
      'var s = "a".repeat(1000000); for (;;) s.indexOf("b")',
      'var s = "a".repeat(1000000); for (;;) try { s.toUpperCase() } catch (e) {}',
      'for (;;) "x".repeat(100000)',
      'var s = "[" + "1,".repeat(50000) + "1]"; for (;;) JSON.parse(s)',
    ];
    const text = `function FindProxyForURL(url, host) { switch (Number(host)) { ${bodies.map((body, index) => `case ${index}: ${body}; return "done"`).join(';')} } }`;
    const on = { ...host(), elapsed: () => performance.now() };
    const script = await PacScript.compile(text, on, { ...limits, timeout: 20 });
    for (const [index] of bodies.entries()) {
      await expect(script.find('http://x.test/', String(index))).rejects.toMatchObject({
        code: 'PAC_TIMEOUT',
        message: 'The PAC script was stopped: it took more than 20 ms (option "timeout")',
      });
    }
    script.close();
  });

  it.each([
    ['texts that are compared', 'var a = "a".repeat(2e6), b = "a".repeat(2e6); for (;;) a === b'],
    ['texts that become numbers', 'var a = "1".repeat(2e6); for (;;) +a'],
    ['while it throws', 'throw { get message() { var a = "1".repeat(2e6); for (;;) +a } }'],
  ])('is stopped in the middle of one step: %s', async (_what, body) => {
    const on = { ...host(), elapsed: () => performance.now(), within: runWithin };
    const text = `function FindProxyForURL(url, host) { if (host === "x") return "DIRECT"; ${body} }`;
    const script = await PacScript.compile(text, on, { ...limits, timeout: 20 });
    // Whoever shares its interpreter goes on as well.
    const other = await PacScript.compile(text, host(), limits);
    await expect(script.find('http://y.test/', 'y')).rejects.toMatchObject({ code: 'PAC_TIMEOUT' });
    expect(await other.find('http://x.test/', 'x')).toBe('DIRECT');
    script.close();
    other.close();
  });

  it('finds them as they are otherwise', async () => {
    const expressions: [string, unknown][] = [
      ['[3, 1, 2].sort().join()', '1,2,3'],
      ['[1, 2].concat([3], 4, [[5]])', [1, 2, 3, 4, [5]]],
      ['[1, [2, [3]]].flat()', [1, 2, [3]]],
      ['[1, [2, [3]]].flat(Infinity)', [1, 2, 3]],
      ['[1, 2].flatMap(function (n) { return [n, n * 2]; })', [1, 2, 2, 4]],
      ['(function () { return Array.prototype.slice.call(arguments, 1); })(1, 2, 3)', [2, 3]],
      ['Array.prototype.map.call("ab", function (c) { return c + c; })', ['aa', 'bb']],
      ['Array.prototype.join.call({ length: 2, 0: "a", 1: "b" }, "-")', 'a-b'],
      ['"a.b.c".split(".")', ['a', 'b', 'c']],
      ['"a.b.c".split(".", 2)', ['a', 'b']],
      ['"a1b2".split(/\\d/)', ['a', 'b', '']],
      ['"abc".split()', ['abc']],
      ['"abc".replace("b", function (found) { return found + found; })', 'abbc'],
      ['"abcb".replace(/b/g, "x").replaceAll("x", "y")', 'aycy'],
      [
        '[ "abc".indexOf("c"), "abca".lastIndexOf("a"), "abc".includes("d"), "a1".indexOf(1), "abc".indexOf("a", 1) ]',
        [2, 3, false, 1, -1],
      ],
      ['typeof Uint8Array + typeof Proxy + typeof BigInt64Array', 'undefinedundefinedundefined'],
    ];
    expect(await valuesOf(expressions.map(([expression]) => expression))).toEqual(expressions.map(([, value]) => value));
  });
});

it('the runs that one question takes have the time of one', async () => {
  const on = host();
  const text = `function FindProxyForURL() { for (var n = 0; n < 1e5; n++); for (var i = 0; i < 20; i++) dnsResolve(i + '.test'); return 'DIRECT'; }`;
  const script = await PacScript.compile(text, on, { ...limits, timeout: 1_000 });
  expect(await script.find('http://x.test/', 'x.test')).toBe('DIRECT');
  script.close();
  const hasty = await PacScript.compile(text, on, { ...limits, timeout: 40 });
  await expect(hasty.find('http://x.test/', 'x.test')).rejects.toMatchObject({ code: 'PAC_TIMEOUT' });
  hasty.close();
});

it('names beyond what is answered are not looked up, and whoever hears an alert may throw', async () => {
  const on = { ...host(), alert: () => expect.unreachable() };
  const text = `function FindProxyForURL() { for (var i = 0; i < 1000; i++) try { dnsResolve(i + '.test'); } catch (e) {} alert('x'); return 'DIRECT'; }`;
  const script = await PacScript.compile(text, on, limits);
  expect(await script.find('http://x.test/', 'x.test')).toBe('DIRECT');
  expect(on.looked).toHaveLength(32);
  script.close();
});

it.each<[string, (string | null)[]]>([
  ['PROXY a.test:3128; SOCKS b.test; DIRECT', ['http://a.test:3128', 'socks4://b.test', null]],
  [
    'proxy a.test ; HTTPS b.test:8443;SOCKS5 [::1]:1080 ; SOCKS4 c',
    ['http://a.test', 'https://b.test:8443', 'socks5h://[::1]:1080', 'socks4://c'],
  ],
  ['HTTP a.test', ['http://a.test']],
  ['', [null]],
  [' ; ', [null]],
  ['QUIC a.test:1; DIRECT', [null]],
  ['PROXY u:p@a.test; PROXY b.test', ['http://b.test']],
  ['PROXY a.test:99999; PROXY 999.1.1.1:80; PROXY a.test:0; PROXY [::1:80; PROXY b.test', ['http://b.test']],
  [Array.from({ length: 50 }, () => 'DIRECT').join(';'), Array.from({ length: 32 }, () => null)],
])('the result %j leads by %j', (text, ways) => {
  expect(parseResult(text)).toEqual(ways);
});

it.each(['PROXY', 'PROXY a b', 'SQUID a.test:1', 'PROXY http://a.test', 'PROXY a.test/path', 'undefined'])(
  'the result %j names no proxy',
  (text) => {
    expect(() => parseResult(text)).toThrow(expect.objectContaining({ name: 'PacError', code: 'PAC_RESULT' }));
  },
);

it('addresses that are none are in no network', () => {
  expect([isInNet('x', '0.0.0.0', '0.0.0.0'), isInNet('::1', '0.0.0.0', '0.0.0.0'), isInNet('1.1.1.1', '1.1.1.1', 'x')]).toEqual([
    false,
    false,
    false,
  ]);
  expect([isInPrefix('1.1.1.1', '1.1.1.1/33'), isInPrefix('1.1.1.1', '1.1.1.1'), isInPrefix('1.1.1.1', '0.0.0.0/0')]).toEqual([
    false,
    false,
    true,
  ]);
  expect(sortedAddresses('')).toBe('');
  expect(isInNet('200.1.1.1', '128.0.0.0', '128.0.0.0')).toBe(true);
});
