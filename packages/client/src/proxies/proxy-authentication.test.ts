import type { HeaderPair } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import type { PromptAuthenticator } from '../auth/prompt-authenticator.ts';
import { DigestAuth } from '../auth/digest/digest.ts';
import { basicThenDigest } from './proxy-authentication.ts';

const request = { proxy: 'http://proxy.test:80', method: 'CONNECT', target: 'x.test:443' };
const basic = `Basic ${Buffer.from('ada:s3cret').toString('base64')}`;
const challenge = (text: string): HeaderPair[] => [['Proxy-Authenticate', text]];
const digest = (more = ''): HeaderPair[] => challenge(`Digest realm="r", nonce="n${more}", qop="auth", algorithm=SHA-256${more}`);

function ask(authenticator: PromptAuthenticator, headers: readonly HeaderPair[], attempt = 0): boolean {
  return authenticator.challenged(request, { headers, refused: authenticator.authorize(request), attempt });
}

describe('user and password', () => {
  it('are Basic from the first request on, and Digest from the moment at which the proxy asks for it', () => {
    const authenticator = basicThenDigest('ada', 's3cret');
    expect(authenticator.authorize(request)).toBe(basic);
    expect(ask(authenticator, digest())).toBe(true);
    expect(authenticator.authorize(request)).toMatch(/^Digest username="ada", realm="r", nonce="n", uri="x\.test:443", .*nc=0000000[12]/);
    // The nonce is the other request's until the proxy has taken its answer.
    const other = { ...request, method: 'GET', target: 'http://x.test/' };
    expect(authenticator.authorize(other)).toBeUndefined();
    authenticator.accepted?.(request, []);
    expect(authenticator.authorize(other)).toContain('uri="http://x.test/"');
  });

  it('are an answer to the challenge of the request itself, whatever others were challenged with', () => {
    const authenticator = new DigestAuth('ada', 's3cret').forProxy();
    const requests = ['a', 'b', 'c'].map((name) => ({ ...request, target: `${name}.test:443` }));
    const nonce = (asked: (typeof requests)[0]): string | undefined =>
      / nonce="([^"]*)".*nc=0*(\d+)/
        .exec(authenticator.authorize(asked) ?? '')
        ?.slice(1)
        .join('/');
    for (const asked of requests)
      authenticator.challenged(asked, {
        headers: challenge(`Digest realm="r", nonce="${asked.target}", qop="auth"`),
        refused: undefined,
        attempt: 0,
      });
    expect(requests.map(nonce)).toEqual(['a.test:443/1', 'b.test:443/1', 'c.test:443/1']);
    for (const asked of [requests[2]!, requests[0]!]) authenticator.accepted?.(asked, []);
    expect(nonce(request)).toBe('a.test:443/2');
    // Sent once more for another reason, it goes on where it was.
    expect(nonce(requests[1]!)).toBe('b.test:443/2');
  });

  it('count on where a proxy has one nonce for all, challenged together or not', () => {
    const authenticator = new DigestAuth('ada', 's3cret').forProxy();
    const requests = ['a', 'b', 'c'].map((name) => ({ ...request, target: `${name}.test:443` }));
    for (const asked of requests) authenticator.challenged(asked, { headers: digest(), refused: undefined, attempt: 0 });
    const counts = requests.map((asked) => /nc=0*(\d+)/.exec(authenticator.authorize(asked) ?? '')?.[1]);
    expect(counts).toEqual(['1', '2', '3']);
  });

  it('are wrong where Basic is refused and nothing else asked for', () => {
    expect(ask(basicThenDigest('ada', 's3cret'), challenge('Basic realm="r"'))).toBe(false);
    expect(ask(basicThenDigest('ada', 's3cret'), [])).toBe(false);
    expect(ask(basicThenDigest('ada', 's3cret'), challenge('Negotiate'))).toBe(false);
  });

  it('are wrong where the answer to a challenge is refused, unless the nonce was too old', () => {
    const authenticator = basicThenDigest('ada', 's3cret');
    expect(ask(authenticator, digest())).toBe(true);
    expect(ask(authenticator, digest(', stale=true'), 1)).toBe(true);
    expect(ask(authenticator, digest(', x=y'), 1)).toBe(false);
  });

  it('take the next nonce that the proxy names', () => {
    const authenticator = basicThenDigest('ada', 's3cret');
    ask(authenticator, digest());
    authenticator.accepted?.(request, [['proxy-authentication-info', 'nextnonce="later"']]);
    expect(authenticator.authorize(request)).toMatch(/nonce="later".*nc=00000001/);
  });
});

describe('Digest alone', () => {
  it('says nothing before it is asked', () => {
    const authenticator = new DigestAuth('ada', 's3cret').forProxy();
    expect(authenticator.authorize(request)).toBeUndefined();
    expect(ask(authenticator, challenge('Basic realm="r"'))).toBe(false);
    expect(ask(authenticator, digest())).toBe(true);
    expect(authenticator.authorize(request)).toMatch(/^Digest /);
  });

  it('signs an empty body for CONNECT, and none that it can not see', () => {
    const authenticator = new DigestAuth('ada', 's3cret').forProxy();
    const integrity = challenge('Digest realm="r", nonce="n", qop="auth-int"');
    expect(ask(authenticator, integrity)).toBe(true);
    expect(authenticator.authorize(request)).toContain('qop=auth-int');
    const post = { ...request, method: 'POST', target: 'http://x.test/' };
    expect(authenticator.authorize(post)).toBeUndefined();
    expect(authenticator.challenged(post, { headers: integrity, refused: undefined, attempt: 0 })).toBe(false);
  });

  it('keeps what each proxy asks for apart, where several are told by one', () => {
    const authenticator = new DigestAuth('ada', 's3cret').forProxy();
    const other = { ...request, proxy: 'http://other.test:80' };
    expect(ask(authenticator, digest())).toBe(true);
    expect(authenticator.authorize(other)).toBeUndefined();
    expect(authenticator.authorize(request)).toMatch(/^Digest /);
  });

  it('signs for the whole proxy, whatever domain it names', () => {
    const authenticator = new DigestAuth('ada', 's3cret').forProxy();
    expect(ask(authenticator, challenge('Digest realm="r", nonce="n", qop="auth", domain="/only/here"'))).toBe(true);
    expect(authenticator.authorize(request)).toMatch(/^Digest /);
  });
});
