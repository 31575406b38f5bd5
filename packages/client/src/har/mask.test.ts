import { describe, expect, it } from 'vitest';

import { Mask } from './mask.ts';

const masked = (text: string, mediaType: string): string => Buffer.from(Mask.of().body(Buffer.from(text), mediaType).bytes).toString();

describe('a URL', () => {
  it('that is the value of a parameter is masked as well, by the names of the caller too', () => {
    const rules = Mask.of({ names: ['tenant'], except: ['page_token'] });
    const url = (target: string): string => `https://a.example/?next=${encodeURIComponent(target)}`;
    expect(rules.url(url('https://b.example/?token=s3cret&tenant=acme&page_token=2'))).toBe(
      url('https://b.example/?token=[redacted]&tenant=[redacted]&page_token=2'),
    );
    expect(rules.parameter('next', '/b?tenant=acme')).toBe('/b?tenant=[redacted]');
    expect(rules.parameter('q', 'who?')).toBe('who?');
    for (const name of ['X-Forwarded-Uri', 'X-Original-URL', 'Referer', 'Location']) {
      expect(rules.header(name, '/b?token=s3cret')).toBe('/b?token=[redacted]');
    }
  });
});

describe('a body', () => {
  it.each([
    ['{"password":"s3cret","n":1}', 'application/json', '{"password":"[redacted]","n":1}'],
    ['{"pass\\u0077ord":"s3cret"}', 'application/json', '{"pass\\u0077ord":"[redacted]"}'],
    ['{"tokens": [ "s3", "cr\\"et" ], "a":["b"]}', 'application/json', '{"tokens": [ "[redacted]", "[redacted]" ], "a":["b"]}'],
    ['{"token":[1,"a"],"tokens":[],"secret":null,"b":"c"}', 'application/json', '{"token":[1,"a"],"tokens":[],"secret":null,"b":"c"}'],
    ['{"token":["s3cret', 'application/json', '{"token":["[redacted]'],
    ['{"privateKey":"s3cret","passphrase":"s3cret"}', 'application/json', '{"privateKey":"[redacted]","passphrase":"[redacted]"}'],
    [
      '{"db":"postgres://ada:s3cret@db/x","u":"https://h/a:b"}',
      'application/json',
      '{"db":"postgres://[redacted]@db/x","u":"https://h/a:b"}',
    ],
    ['{"db":"https:\\/\\/ada:s3cret@db"}', 'application/json', '{"db":"https:\\/\\/[redacted]@db"}'],
    ['{"password":"s3cret"}', '', '{"password":"[redacted]"}'],
    [' [{"password":"s3cret"}]', 'text/plain; charset=utf-8', ' [{"password":"[redacted]"}]'],
    ['see ftp://ada:s3cret@host/', 'text/html', 'see ftp://[redacted]@host/'],
    [
      '<a><soap:Password t="1">s3cret</soap:Password><b>c</b></a>',
      'text/xml',
      '<a><soap:Password t="1">[redacted]</soap:Password><b>c</b></a>',
    ],
    ['<SecretAccessKey>s3cret</SecretAccessKey>', 'application/soap+xml', '<SecretAccessKey>[redacted]</SecretAccessKey>'],
    [
      '--b\r\nContent-Disposition: form-data; name=password\r\n\r\ns3cret\r\n--b--',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name=password\r\n\r\n[redacted]\r\n--b--',
    ],
  ])('%j (%s)', (text, mediaType, shown) => {
    expect(masked(text, mediaType)).toBe(shown);
  });

  it('that is binary is left alone, and what is long is looked at once', () => {
    const picture = 'PNG{"password":"x"}://a:b@c';
    expect(masked(picture, 'image/png')).toBe(picture);
    // In time that grows with it: else the test would not end.
    for (const text of ['"token":["a",', '"a":["', '<a>', '<a x ', '://', '://a:']) {
      for (const mediaType of ['application/json', 'text/xml']) masked(text.repeat(40_000), mediaType);
    }
  });
});
