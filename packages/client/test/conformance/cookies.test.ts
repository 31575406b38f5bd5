/** The http-state suite, which was written for RFC 6265, against a jar that follows RFC 6265bis. */
import { expect, it } from 'vitest';

import { CookieJar } from '../../src/cookies/cookie-jar.ts';
import { parseSetCookie } from '../../src/cookies/set-cookie.ts';
import { parseTarget } from '../../src/request/url/target.ts';
import { describeConformance } from './data.ts';

interface StateCase {
  readonly test: string;
  readonly received: readonly string[];
  readonly sent: readonly { readonly name: string; readonly value: string }[];
  readonly 'sent-to'?: string;
}

interface DateCase {
  readonly test: string;
  readonly expected: string | null;
}

// The suite expires cookies in 2027; this is before that, whenever the tests run.
const now = Date.UTC(2026, 10, 22);

const nameless = 'RFC 6265bis §5.6 step 3: without "=" it is a value alone, and is kept; RFC 6265 dropped it';
const emptyName = 'RFC 6265bis §5.6 step 3: an empty name before "=" is a value alone as well';

/** Every case in which we do something else, with what we do and why. A case that turns out to agree fails. */
const exceptions: Readonly<Record<string, { readonly sent: string; readonly because: string }>> = {
  '0021': { sent: 'a=b; x; c=d', because: emptyName },
  '0023': { sent: 'foo', because: nameless },
  '0025': { sent: 'foo', because: nameless },
  '0027': { sent: 'bar', because: `${nameless}; there is one such cookie, so the second takes the place of the first` },
  CHROMIUM0009: { sent: 'BLAHHH', because: nameless },
  DISABLED_CHROMIUM0022: { sent: '', because: 'RFC 6265bis §5.6 step 1: a control character ends the cookie, not its value' },
  DISABLED_PATH0029: {
    sent: '',
    because: 'RFC 6265bis §5.1.4 compares octets: "%6F" in a request path is not "o". No browser passes it either',
  },
  MOZILLA0012: { sent: 'test="fubar! = foo; five', because: nameless },
  MOZILLA0014: { sent: 'six', because: nameless },
  MOZILLA0016: { sent: 'eight', because: `${emptyName}, and takes the place of the two before` },
  NAME0017: { sent: 'a=bar', because: emptyName },
  NAME0023: { sent: 'foo', because: nameless },
  NAME0025: { sent: '==a=bar', because: emptyName },
  NAME0031: { sent: '"foo', because: nameless },
  NAME0033: { sent: 'aaa', because: nameless },
};

/** What a server writes as UTF-8 arrives as one character for each octet. */
const wire = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

describeConformance('cookies of http-state', (json) => {
  it.each(json<StateCase[]>('cookies/http-state.json').map((each) => [each.test, each] as const))('%s', (name, each) => {
    const jar = new CookieJar({ now: () => now });
    const id = name.toLowerCase();
    const setAt = `http://home.example.org:8888/cookie-parser?${id}`;
    const readAt = new URL(each['sent-to'] ?? `/cookie-parser-result?${id}`, setAt);
    const headers = each.received.map((value) => ['Set-Cookie', wire(value)] as const);
    jar.receive(headers, parseTarget(setAt).parts);
    const expected = each.sent.map((cookie) => `${cookie.name}=${cookie.value}`).join('; ');
    expect(jar.header(readAt) ?? '').toBe(exceptions[name]?.sent ?? wire(expected));
  });

  it('names no exception that is none', () => {
    const cases = new Map(json<StateCase[]>('cookies/http-state.json').map(({ test, sent }) => [test, sent]));
    for (const [name, { sent }] of Object.entries(exceptions)) {
      const expected = cases.get(name)?.map((cookie) => `${cookie.name}=${cookie.value}`);
      expect(expected, name).toBeDefined();
      expect(expected?.join('; '), name).not.toBe(sent);
    }
  });

  it.each(json<DateCase[]>('cookies/dates.json').map(({ test, expected }) => [test, expected] as const))('date %s', (text, expected) => {
    // So early that no date is cut off by the longest life of a cookie.
    const parsed = parseSetCookie(`a=b; Expires=${text}`, Date.UTC(2100, 0));
    const shown = typeof parsed === 'object' && parsed.expiresAt !== undefined ? new Date(parsed.expiresAt).toUTCString() : null;
    expect(shown).toBe(expected);
  });
});
