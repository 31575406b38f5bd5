import type { HeaderPair } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { BodyNotReplayable } from '../errors.ts';
import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { RedirectError } from './redirect-errors.ts';
import { assertReplayable, redirectedRequest } from './redirect-policy.ts';

function redirect(request: Request, status: number, location: string | readonly string[], allowDowngrade = false): Request | undefined {
  const locations = typeof location === 'string' ? [location] : location;
  const headers: HeaderPair[] = locations.map((value) => ['Location', value]);
  return redirectedRequest(request, StreamResponse.of(request, { status, headers }), allowDowngrade);
}

function target(from: string, location: string): string | undefined {
  return redirect(new Request('GET', from), 302, location)?.url;
}

function codeOf(task: () => unknown): string | undefined {
  try {
    task();
  } catch (error) {
    if (error instanceof RedirectError) return error.code;
    throw error;
  }
  return undefined;
}

describe('the method after a redirect', () => {
  it.each([
    [301, 'GET', 'GET'],
    [301, 'POST', 'GET'],
    [301, 'PUT', 'PUT'],
    [301, 'HEAD', 'HEAD'],
    [302, 'GET', 'GET'],
    [302, 'POST', 'GET'],
    [302, 'DELETE', 'DELETE'],
    [302, 'PATCH', 'PATCH'],
    [303, 'GET', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'DELETE', 'GET'],
    [303, 'OPTIONS', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [307, 'POST', 'POST'],
    [307, 'PUT', 'PUT'],
    [308, 'POST', 'POST'],
    [308, 'QUERY', 'QUERY'],
  ])('%i turns %s into %s', (status, method, expected) => {
    const onward = redirect(new Request(method, 'http://a.example/'), status, '/b');
    expect(onward?.method).toBe(expected);
    expect(onward?.url).toBe('http://a.example/b');
  });

  it.each([200, 201, 300, 304, 305, 306, 309, 399, 400])('is none for %i', (status) => {
    expect(redirect(new Request('GET', 'http://a.example/'), status, '/b')).toBeUndefined();
  });
});

describe('the body after a redirect', () => {
  const contentHeaders = { 'Content-Language': 'en', 'content-encoding': 'identity', 'Repr-Digest': 'sha-256=:x:', expect: '100-continue' };
  const post = new Request('POST', 'http://a.example/', {
    body: 'text',
    headers: { 'X-Kept': '1', ...contentHeaders },
    trailers: [['t', '1']],
  });

  it('stays where the method does, with its fields and its trailers', () => {
    const onward = redirect(post, 307, '/b')!;
    expect(onward.body).toBe(post.body);
    expect(onward.rawHeaders).toEqual(post.rawHeaders);
    expect(onward.trailers).toEqual([['t', '1']]);
  });

  it.each([301, 302, 303])('goes with all that describes it after %i', (status) => {
    const onward = redirect(post, status, '/b')!;
    expect(onward.body).toBeNull();
    expect(onward.trailers).toBeUndefined();
    expect(onward.rawHeaders).toEqual([['X-Kept', '1']]);
  });

  it.each(['GET', 'HEAD'])('leaves the fields of a %s without one after 303', (method) => {
    const onward = redirect(new Request(method, 'http://a.example/', { headers: contentHeaders }), 303, '/b')!;
    expect(onward.rawHeaders).toEqual(Object.entries(contentHeaders));
    const withBody = redirect(new Request(method, 'http://a.example/', { headers: contentHeaders, body: 'text' }), 303, '/b')!;
    expect([withBody.body, withBody.rawHeaders]).toEqual([null, []]);
  });

  it('is a clear error when it can not be sent again, and none when it need not', () => {
    const stream = new Request('PUT', 'http://a.example/?token=s3cret', { body: ['x'].values() });
    const kept = redirect(stream, 308, '/b')!;
    expect(() => assertReplayable(stream, 308, kept)).toThrow(BodyNotReplayable);
    expect(() => assertReplayable(stream, 308, kept)).toThrow(
      /^PUT http:\/\/a\.example\/\?token=\[redacted\] was redirected \(308\) to http:\/\/a\.example\/b/,
    );
    expect(() => assertReplayable(stream, 303, redirect(stream, 303, '/b')!)).not.toThrow();
    const again = new Request('PUT', 'http://a.example/', { body: () => ['x'].values() });
    expect(() => assertReplayable(again, 308, redirect(again, 308, '/b')!)).not.toThrow();
  });
});

describe('where a redirect leads', () => {
  it.each([
    ['http://a.example/x/y?q#f', '/b', 'http://a.example/b#f'],
    ['http://a.example/x/y', 'b', 'http://a.example/x/b'],
    ['http://a.example/x/y', '../b', 'http://a.example/b'],
    ['http://a.example/x/y', '?q=1', 'http://a.example/x/y?q=1'],
    ['http://a.example/x/y', '//b.example/z', 'http://b.example/z'],
    ['http://a.example/x', 'HTTP://B.EXAMPLE:80', 'http://b.example/'],
    ['http://a.example/x#old', '/b#new', 'http://a.example/b#new'],
    ['http://a.example/x#old', '/b#', 'http://a.example/b'],
    ['http://a.example/x#old', '#new', 'http://a.example/x#new'],
    ['http://a.example/', 'https://a.example/', 'https://a.example/'],
    ['https://a.example/', 'https://a.example:8443/', 'https://a.example:8443/'],
    ['http://a.example/', '/a b', 'http://a.example/a%20b'],
    ['http://a.example/', 'http://[::1]:8080/', 'http://[::1]:8080/'],
    // Bytes of UTF-8, as they look in a Latin-1 header value.
    ['http://a.example/', '/gr\xc3\xbc\xc3\x9fe', 'http://a.example/gr%C3%BC%C3%9Fe'],
    ['http://a.example/', '/latin-\xfc', 'http://a.example/latin-%FC'],
    ['http://a.example/', 'http://m\xc3\xbcnchen.example/', 'http://xn--mnchen-3ya.example/'],
  ])('from %s by %j to %s', (from, location, expected) => {
    expect(target(from, location)).toBe(expected);
  });

  it('is nowhere without a Location, or with an empty one', () => {
    expect(redirect(new Request('GET', 'http://a.example/'), 302, [])).toBeUndefined();
    expect(target('http://a.example/', '')).toBeUndefined();
  });

  it('is told by one Location, however often', () => {
    const request = new Request('GET', 'http://a.example/');
    expect(redirect(request, 302, ['/b', '/b'])?.url).toBe('http://a.example/b');
    expect(codeOf(() => redirect(request, 302, ['/b', '/c']))).toBe('INVALID_LOCATION');
  });

  it.each([
    ['http://a.example/', 'http://', 'INVALID_LOCATION'],
    ['http://a.example/', 'http://a b/', 'INVALID_LOCATION'],
    ['http://a.example/', 'http://a.example:99999/', 'INVALID_LOCATION'],
    ['http://a.example/', 'ftp://a.example/', 'UNSUPPORTED_REDIRECT'],
    ['http://a.example/', 'file:///etc/passwd', 'UNSUPPORTED_REDIRECT'],
    ['http://a.example/', 'data:text/plain,hi', 'UNSUPPORTED_REDIRECT'],
    ['http://a.example/', 'javascript:alert(1)', 'UNSUPPORTED_REDIRECT'],
    ['http://a.example/', 'unix:/run/docker.sock:/info', 'UNSUPPORTED_REDIRECT'],
    ['http://a.example/', 'http+unix://%2Frun%2Fdocker.sock/info', 'UNSUPPORTED_REDIRECT'],
    ['http://a.example/', 'http://unix:/run/docker.sock:/info', 'UNSUPPORTED_REDIRECT'],
    ['https://a.example/', 'http://a.example/', 'INSECURE_REDIRECT'],
    ['https://a.example/', 'http://a.example:443/', 'INSECURE_REDIRECT'],
  ])('from %s by %s is refused: %s %s', (from, location, code) => {
    expect(codeOf(() => target(from, location))).toBe(code);
  });

  it('is shown without secrets', () => {
    const request = new Request('GET', 'https://a.example/?token=s3cret');
    try {
      redirect(request, 302, 'http://user:pass@a.example/?api_key=s3cret');
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).toBe(
        'GET https://a.example/?token=[redacted] was redirected (302) to http://a.example/?api_key=[redacted], which is not followed: it leads from https to http (allowDowngrade permits that)',
      );
    }
  });
});

describe('what goes along', () => {
  // Duplicates too: a client that dropped only the first leaked the second (aiohttp, 2026).
  const secrets: HeaderPair[] = [
    ['Authorization', 'Basic a'],
    ['authorization', 'Basic b'],
    ['Cookie', 'a=1'],
    ['COOKIE', 'b=2'],
    ['Cookie2', 'c'],
    ['Proxy-Authorization', 'Basic c'],
    ['proxy-authorization', 'Basic d'],
    ['Host', 'other.example'],
    ['Referer', 'http://a.example/private?q'],
  ];
  const ownSecrets: HeaderPair[] = [
    ['X-API-Key', 'k'],
    ['x-auth-token', 't'],
    ['PRIVATE-TOKEN', 'p'],
    ['x-functions-key', 'f'],
    ['x-session', 's'],
  ];
  const request = new Request('GET', 'http://a.example/', { headers: [['X-Kept', '1'], ...secrets, ...ownSecrets, ['x-own', 'o']] });

  it('is everything within an origin', () => {
    expect(redirect(request.binding(new Set(['x-own'])), 302, 'http://a.example:80/b')?.rawHeaders).toEqual(request.rawHeaders);
  });

  it('is what says of which request it is, though it ends like a secret', () => {
    const named = request.with({ headers: { 'idempotency-key': 'i' } });
    expect(redirect(named, 307, 'http://b.example/')?.headers.get('idempotency-key')).toBe('i');
  });

  it('stays left behind on the way on, and what is bound is bound there too', () => {
    const other = redirect(request.binding(new Set(['x-own'])), 302, 'http://b.example/')!.with({ headers: { 'x-own': 'new' } });
    expect(redirect(other, 302, 'http://c.example/')?.rawHeaders).toEqual([['X-Kept', '1']]);
  });

  it('is no secret on a downgrade that is permitted', () => {
    const secure = request.with({ url: 'https://a.example/', headers: { authorization: 'Basic x', 'x-api-key': 'k' } });
    const onward = redirect(secure, 302, 'http://a.example/', true);
    expect([onward?.url, onward?.rawHeaders]).toEqual([
      'http://a.example/',
      [
        ['X-Kept', '1'],
        ['x-own', 'o'],
      ],
    ]);
  });

  it.each([
    ['the scheme', 'https://a.example/'],
    ['the host', 'http://b.example/'],
    ['the host, to a subdomain', 'http://www.a.example/'],
    ['the port', 'http://a.example:8080/'],
  ])('is no credential when %s changes', (_, location) => {
    expect(redirect(request, 302, location)?.rawHeaders).toEqual([
      ['X-Kept', '1'],
      ['x-own', 'o'],
    ]);
    expect(redirect(request.binding(new Set(['x-own'])), 307, location)?.rawHeaders).toEqual([['X-Kept', '1']]);
    expect(request.binding(new Set(['x-own'])).with({ url: location }).rawHeaders).toEqual([['X-Kept', '1']]);
  });

  it('is what a Location says of the user, to its own origin alone', () => {
    const own = redirect(request, 302, 'http://me:secret@a.example/')!;
    expect(own.headers.getAll('authorization')).toEqual([`Basic ${btoa('me:secret')}`]);
    expect(own.url).toBe('http://a.example/');
    const other = redirect(request, 302, 'http://me:secret@b.example/')!;
    expect(other.headers.has('authorization')).toBe(false);
    expect(other.url).toBe('http://b.example/');
  });
});
