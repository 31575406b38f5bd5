import { cpuTimeOf } from '@x/testbed/cpu-time';
import { describe, expect, it } from 'vitest';

import { parseNetrc, type NetrcEntry } from './netrc.ts';

const entry = (login: string, password: string, account?: string): NetrcEntry => ({ login, password, account });

describe('a netrc', () => {
  it('has entries over one line or several, in any order of words', () => {
    const netrc = parseNetrc(
      'machine a.example login ada password lovelace\r\n\nmachine\tb.example\n\taccount acc\n\tpassword secret\n\tlogin bob\n',
    );
    expect(netrc.find('A.Example')).toEqual(entry('ada', 'lovelace'));
    expect(netrc.find('b.example')).toEqual(entry('bob', 'secret', 'acc'));
    expect(netrc.find('c.example')).toBeUndefined();
    expect(netrc.find('sub.a.example')).toBeUndefined();
  });

  it('counts the first entry for a machine, and the default one for every other', () => {
    const netrc = parseNetrc('machine a login 1 password 1 default login any password one machine a login 2 password 2 default login x');
    expect(netrc.find('a')).toEqual(entry('1', '1'));
    expect(netrc.find('b')).toEqual(entry('any', 'one'));
  });

  it('counts, for one user, the entries of this user only', () => {
    const netrc = parseNetrc(
      'machine a login 1 password 1 machine a login 2 password 2 default login any password one default login 3 password 3',
    );
    expect(netrc.find('A', '2')).toEqual(entry('2', '2'));
    expect(netrc.find('a', 'any')).toEqual(entry('any', 'one'));
    expect(netrc.find('b', '3')).toEqual(entry('3', '3'));
    expect(netrc.find('a', '4')).toBeUndefined();
  });

  it('has words in quotes, with escapes', () => {
    const netrc = parseNetrc(
      'machine "a" login "with space" password "q\\"b\\\\n\\n\\t#" machine b login "" password "open\nmachine c login x password y',
    );
    expect(netrc.find('a')).toEqual(entry('with space', 'q"b\\n\n\t#'));
    expect(netrc.find('b')).toEqual(entry('', 'open'));
    expect(netrc.find('c')).toEqual(entry('x', 'y'));
  });

  it('has comments where a keyword could stand, and values that begin like one', () => {
    const netrc = parseNetrc(
      '# machine no login no\nmachine a login #ada password #x#y # the end, machine b login no\nmachine c login c password d',
    );
    expect(netrc.find('a')).toEqual(entry('#ada', '#x#y'));
    expect(netrc.find('b')).toBeUndefined();
    expect(netrc.find('c')).toEqual(entry('c', 'd'));
  });

  it('passes over macros, up to their blank line', () => {
    const netrc = parseNetrc(
      'machine a login 1 password 2\nmacdef init\nmachine evil login e password e\nquit\n \t\nmachine b login 3 password 4\nmacdef last\nmachine c login e password e',
    );
    expect(netrc.find('evil')).toBeUndefined();
    expect(netrc.find('b')).toEqual(entry('3', '4'));
    expect(netrc.find('c')).toBeUndefined();
  });

  it('finds an IPv6 host with or without its brackets', () => {
    expect(parseNetrc('machine ::1 login a password b').find('[::1]')).toEqual(entry('a', 'b'));
  });

  it.each([
    ['', undefined],
    ['machine', undefined],
    ['machine a', entry('', '')],
    ['login x password y', undefined],
    ['machine a login', entry('', '')],
    ['machine a port 21 login x password y', entry('x', 'y')],
    ['\ufeffmachine a login x password y', entry('x', 'y')],
    ['MACHINE a LOGIN x Password Y', entry('x', 'Y')],
    ['machine a password y', entry('', 'y')],
    ['machine a login x password y login z', entry('z', 'y')],
  ])('reads %j as far as it goes', (text, expected) => {
    expect(parseNetrc(text).find('a')).toEqual(expected);
  });

  it('takes no longer for what is made to be slow', async () => {
    const texts = [
      '"'.repeat(50_000),
      `"${'\\'.repeat(50_001)}`,
      ' '.repeat(50_000),
      '#\n'.repeat(50_000),
      `macdef x\n${'\n \t'.repeat(1)}${' '.repeat(50_000)}x`,
    ];
    expect(await cpuTimeOf(() => texts.forEach((text) => parseNetrc(text)))).toBeLessThan(1_000);
  });
});
