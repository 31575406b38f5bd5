import { cpuTimeOf } from '@x/testbed/cpu-time';
import { describe, expect, it } from 'vitest';

import { isSecretField, shownHeaderValue, shownUrl } from './redact.ts';

describe('a URL as it is shown', () => {
  it.each([
    ['https://user:secret@example.com/a', 'https://example.com/a'],
    ['https://secret@example.com', 'https://example.com'],
    ['https://us@er:secret@example.com/', 'https://example.com/'],
    ['//user:secret@example.com/', '//example.com/'],
    ['https:\\\\user:secret@example.com\\a', 'https:\\\\example.com\\a'],
    ['https://example.com/a@b?c=d@e', 'https://example.com/a@b?c=d@e'],
    ['https://example.com/?access_token=secret&page=2', 'https://example.com/?access_token=[redacted]&page=2'],
    ['https://example.com/?page=2&api_key=secret', 'https://example.com/?page=2&api_key=[redacted]'],
    ['https://example.com/?X-Amz-Signature=secret', 'https://example.com/?X-Amz-Signature=[redacted]'],
    ['https://example.com/cb?code=secret&state=x', 'https://example.com/cb?code=[redacted]&state=x'],
    ['https://example.com/#access_token=secret', 'https://example.com/'],
    ['<https://u:secret@example.com/?token=secret>; rel="next"', '<https://example.com/?token=[redacted]>; rel="next"'],
    ['not a url', 'not a url'],
    ['https://example.com/?%61ccess_token=secret', 'https://example.com/?%61ccess_token=[redacted]'],
    [
      '/in?next=https%3A%2F%2Fu%3As3cret%40x%2F%3Ftoken%3Dsecret%26a%3D1&b=2',
      '/in?next=https%3A%2F%2Fx%2F%3Ftoken%3D%5Bredacted%5D%26a%3D1&b=2',
    ],
    ['/in?next=https://x/?token=secret', '/in?next=https://x/?token=[redacted]'],
    ['/in?next=%2Fa%3Ftoken%3Dsecret', '/in?next=%2Fa%3Ftoken%3D%5Bredacted%5D'],
    ['/in?a=?a=?a=?a=?a=?token=secret', '/in?a=?a=?a=?a=[redacted]'],
    [
      '/in?q=who%3F&mail=ada%40example.com&lang=C%23&next=%2Fa%3Fb%3Dc%2520d',
      '/in?q=who%3F&mail=ada%40example.com&lang=C%23&next=%2Fa%3Fb%3Dc%2520d',
    ],
  ])('%s', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });

  it.each([
    ['http://ada:love/s3cret@ho st/', 'http://ho st/'],
    ['https://ada:x#s3cret@host:port/', 'https://host:port/'],
    ['http://ada:my s3cret@ho st/', 'http://ho st/'],
    ['http://ada:s3cret/@host:bad/', 'http://host:bad/'],
    ['http://ada:50%/s3cret@host/', 'http://host/'],
    ['https://ada:x?s3cret@host/', 'https://host/'],
    ['http://ada:love/s3cret@127.0.0.1:99999/', 'http://127.0.0.1:99999/'],
    ['http:///ada:s3cret@host/', 'http://host/'],
    ['http:/ada:s3cret@host/', 'http://host/'],
    ['http:ada:s3cret@host/', 'http://host/'],
    [' http://ada:s3cret@host/', 'http://host/'],
    ['http://ada:s3\tcret@host/', 'http://host/'],
    ['ht\ntp://ada:s3cret@host/', 'http://host/'],
    ['http://ada:my s3cret@host/', 'http://host/'],
    ['http://ada:s3cret@host@other/a', 'http://other/a'],
    ['//ada:s3 cret/@ho st/', '//ho st/'],
    ['\\\\ada:s3cret@host', '\\\\host'],
    ['ada:s3cret@host', 'host'],
    [':s3cret@host', 'host'],
    ['http+unix://ada:s3cret@host/', 'http+unix://host/'],
    ['<http://ada:s3cret@host/', 'host/'],
  ])('without user information, whatever else is wrong with it: %j', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });

  it.each(['/@ada/x', 'items/@me', './a:b@c', '?to=a:b@c.example', 'https://example.com/@ada', 'https://example.com/a:b@c'])(
    'with an @ of its own: %s',
    (url) => {
      expect(shownUrl(url)).toBe(url);
    },
  );

  it('takes time in proportion to the length', async () => {
    const long = `https://${'u:'.repeat(50_000)}example.com/?${'a&'.repeat(50_000)}`;
    const texts = [
      long,
      ':@'.repeat(50_000),
      `http://${'@'.repeat(50_000)} `,
      ' '.repeat(50_000) + '@',
      '<'.repeat(50_000),
      '/'.repeat(50_000) + '@',
    ];
    const cost = await cpuTimeOf(() => {
      for (const text of texts) for (const show of [shownUrl, (value: string): string => shownHeaderValue('refresh', value)]) show(text);
    });
    expect(cost).toBeLessThan(1_000);
  });
});

describe('a field', () => {
  it.each([
    'Authorization',
    'x-api-key',
    'X-Auth-Token',
    'PRIVATE-TOKEN',
    'x-functions-key',
    'Ocp-Apim-Subscription-Key',
    'x-auth',
    'Set-Cookie',
    'x-amz-security-token',
    'apikey',
    'X-CSRF-Token',
    'x-session-id',
    'privateKey',
    'x-access-key',
    'passphrase',
  ])('%s is a secret', (name) => {
    expect(isSecretField(name)).toBe(true);
    expect(shownHeaderValue(name, 's3cret')).not.toContain('s3cret');
  });

  it.each(['Accept', 'Idempotency-Key', 'Sec-WebSocket-Key', 'x-request-id', 'traceparent', 'Content-Type', 'x-monkey', 'author'])(
    '%s is none',
    (name) => {
      expect(isSecretField(name)).toBe(false);
    },
  );

  it('with URLs shows no user of them', () => {
    expect(shownHeaderValue('Location', 'http://ada:my s3cret@ho st/')).toBe('http://ho st/');
    expect(shownHeaderValue('Refresh', '5; URL=http://ada:s3cret@host/a')).toBe('5; URL=http://host/a');
    expect(shownHeaderValue('Link', '<http://ada:s3cret@host/>; rel=next, </b>; rel="a@b"')).toBe(
      '<http://host/>; rel=next, </b>; rel="a@b"',
    );
  });
});
