import { describe, expect, test } from 'vitest';

import type { LocalProtocolError } from '../errors.ts';
import { parseOrigin } from './origin.ts';

function refusal(host: string): LocalProtocolError {
  try {
    parseOrigin('http', host, null);
  } catch (error) {
    return error as LocalProtocolError;
  }
  throw new Error('it was taken');
}

describe('hosts', () => {
  test.each([
    ['example.com', 'example.com', 'example.com'],
    ['EXAMPLE.com.', 'example.com.', 'example.com.'],
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['::1', '::1', '[::1]'],
    ['[::1]', '::1', '[::1]'],
    ['2001:DB8::ff:1.2.3.4', '2001:db8::ff:1.2.3.4', '[2001:db8::ff:1.2.3.4]'],
    ['fe80::1%eth0', 'fe80::1%eth0', '[fe80::1%eth0]'],
  ])('%s', (given, host, authority) => {
    expect(parseOrigin('http', given, null)).toMatchObject({ host, authority, text: `http://${authority}:80` });
  });

  test.each(['a:80', ':80', ':::', '1:2', '::1::2', '1:2:3:4:5:6:7:8:9', '[a.example]', '[::1', '::1]', '12345::', 'a@b', '', 'a\r\nb'])(
    '%j is refused',
    (host) => {
      expect(refusal(host)).toMatchObject({ name: 'LocalProtocolError', code: 'INVALID_HOST', requestSent: false });
    },
  );

  test('what stands before an @ is not shown: it may be a password', () => {
    const { message } = refusal('user:hunter2@host.example');
    expect(message).toContain('host.example');
    expect(message).not.toContain('hunter2');
  });
});
