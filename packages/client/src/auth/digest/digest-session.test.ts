import { describe, expect, it } from 'vitest';

import { chooseChallenge, type DigestChallenge, type DigestPreferences } from './digest-challenge.ts';
import { DigestSession } from './digest-session.ts';

const anything: DigestPreferences = { algorithms: undefined, quality: 'auth' };
const choose = (...fields: string[]): DigestChallenge => chooseChallenge(fields, anything)!;
const get = (target: string): { method: string; target: string; contentHash: undefined } => ({
  method: 'GET',
  target,
  contentHash: undefined,
});

function session(
  field: string,
  user = 'Mufasa',
  password = 'Circle of Life',
  cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
): DigestSession {
  return new DigestSession(choose(field), { user, password, makeNonce: () => cnonce });
}

describe('the examples of the RFCs', () => {
  // RFC 7616 §3.9.1.
  const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
  const rest = `qop="auth, auth-int", nonce="${nonce}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;

  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('%s', (algorithm, response) => {
    const answer = session(`Digest realm="http-auth@example.org", algorithm=${algorithm}, ${rest}`).authorization(get('/dir/index.html'));
    expect(answer).toBe(
      `Digest username="Mufasa", realm="http-auth@example.org", nonce="${nonce}", uri="/dir/index.html", response="${response}", ` +
        `algorithm=${algorithm}, qop=auth, nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", ` +
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    );
  });

  it('SHA-512-256 with the hash of the user (RFC 7616 §3.9.2, erratum 4897)', () => {
    const field =
      'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ' +
      'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true';
    const answer = session(field, 'Jäsøn Doe', 'Secret, or not?', 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v').authorization(
      get('/doe.json'),
    );
    expect(answer).toContain('response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"');
    expect(answer).toContain('userhash=true');
    expect(answer).not.toContain('username*');
  });

  it('RFC 2617 §3.5', () => {
    const field =
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
    const answer = session(field, 'Mufasa', 'Circle Of Life', '0a4f113b').authorization(get('/dir/index.html'));
    expect(answer).toContain('response="6629fae49393a05397450978507c4ef1"');
    expect(answer).not.toContain('algorithm');
  });

  it('RFC 2069: without a quality there is no count and no nonce of ours', () => {
    const field =
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
    expect(session(field, 'Mufasa', 'Circle Of Life').authorization(get('/dir/index.html'))).toBe(
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", ' +
        'response="670fd8c2df070c60b045671b8b24ff02", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    );
  });
});

describe('the choice', () => {
  const digest = (rest: string): string => `Digest realm="r", nonce="n", qop="auth"${rest}`;
  const name = (preferences: DigestPreferences, ...fields: string[]): string | undefined =>
    chooseChallenge(fields, preferences)?.algorithm.name;

  it('falls on the strongest, and of equals on the first', () => {
    const all = ['MD5', 'SHA-256-sess', 'SHA-256', 'SHA-512-256', 'SHA-512-256-sess', 'MD5-sess'];
    expect(name(anything, all.map((algorithm) => digest(`, algorithm=${algorithm}`)).join(', '))).toBe('SHA-512-256');
    expect(name(anything, ...all.slice(0, 3).map((algorithm) => digest(`, algorithm=${algorithm}`)))).toBe('SHA-256-sess');
    expect(name(anything, 'Basic realm="r"', digest(''), digest(', algorithm="md5-SESS"'))).toBe('MD5');
  });

  it('can be limited', () => {
    const fields = [digest(', algorithm=SHA-512-256'), digest(', algorithm=MD5'), digest(', algorithm=SHA-256')];
    expect(name({ ...anything, algorithms: ['SHA-256'] }, ...fields)).toBe('SHA-256');
    expect(name({ ...anything, algorithms: ['SHA-256-sess'] }, ...fields)).toBeUndefined();
  });

  it.each([
    'Basic realm="r"',
    'Digest realm="r"',
    'Digest nonce="n"',
    'Digest realm="r", nonce="n", algorithm=SHA-1',
    'Digest realm="r", nonce="n", algorithm=SHA-512-256-session',
    'Digest realm="r", nonce="n", qop="auth-conf"',
    'Digest realm="r", nonce="n\r\n"',
  ])('falls on none of %j', (field) => {
    expect(chooseChallenge([field], anything)).toBeUndefined();
  });

  it.each([
    ['auth', 'auth', 'auth'],
    ['auth-int', 'auth', 'auth-int'],
    ['auth,auth-int', 'auth', 'auth'],
    ['auth-int , AUTH', 'auth', 'auth'],
    ['auth-conf, auth, auth-int', 'auth-int', 'auth-int'],
    ['auth', 'auth-int', 'auth'],
    ['', 'auth', undefined],
  ] as const)('of the qualities %j, with %s preferred, is %s', (qop, quality, expected) => {
    expect(chooseChallenge([`Digest realm="r", nonce="n", qop="${qop}"`], { ...anything, quality })?.quality).toBe(expected);
  });
});

describe('an answer', () => {
  it('counts up, with another nonce of ours each time', () => {
    let made = 0;
    const counting = new DigestSession(choose('Digest realm="r", nonce="n", qop="auth"'), {
      user: 'u',
      password: 'p',
      makeNonce: () => `c${++made}`,
    });
    const answers = Array.from({ length: 17 }, () => counting.authorization(get('/')));
    expect(answers[0]).toContain('nc=00000001, cnonce="c1"');
    expect(answers[16]).toContain('nc=00000011, cnonce="c17"');
    expect(new Set(answers.map((answer) => /response="(\w+)"/.exec(answer)?.[1])).size).toBe(17);
    counting.renew('n');
    expect(counting.authorization(get('/'))).toContain('nonce="n", uri="/"');
    expect(counting.authorization(get('/'))).toContain('nc=00000013');
    counting.renew('n2');
    expect(counting.authorization(get('/'))).toMatch(/nonce="n2".*nc=00000001/);
  });

  it('of a session keeps the nonce of ours that the session began with', () => {
    let made = 0;
    const sess = new DigestSession(choose('Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess'), {
      user: 'u',
      password: 'p',
      makeNonce: () => `c${++made}`,
    });
    expect([sess.authorization(get('/')), sess.authorization(get('/'))].every((answer) => answer.includes('cnonce="c1"'))).toBe(true);
    const old = session('Digest realm="r", nonce="n", algorithm=MD5-sess').authorization(get('/'));
    expect(old).toContain('cnonce=');
    expect(old).not.toMatch(/qop|nc=/);
  });

  it('gives back what the server wrote, escaped as it has to be', () => {
    const answer = session('Digest realm="a \\"b\\" \\\\ c\xe9", nonce="n\\"", opaque="", qop=auth', 'a"b\\c').authorization(get('/?q="'));
    expect(answer).toContain('username="a\\"b\\\\c", realm="a \\"b\\" \\\\ c\xe9", nonce="n\\"", uri="/?q=\\""');
    expect(answer).toContain('opaque=""');
  });

  it('writes a user beyond ASCII as the server can read it', () => {
    const plain = 'Digest realm="r", nonce="n", qop=auth';
    expect(session(plain, 'Jäsøn').authorization(get('/'))).toContain('username="J\xc3\xa4s\xc3\xb8n"');
    expect(session(`${plain}, charset=utf-8`, 'Jäsøn "Doe"').authorization(get('/'))).toContain(
      "username*=UTF-8''J%C3%A4s%C3%B8n%20%22Doe%22",
    );
    expect(session(`${plain}, charset=utf-8`, 'Jason').authorization(get('/'))).toContain('username="Jason"');
  });
});
