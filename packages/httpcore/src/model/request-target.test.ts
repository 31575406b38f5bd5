import { expect, it } from 'vitest';

import { hostOf } from './request-target.ts';

it.each([
  ['GET', '/', 'origin.test:81'],
  ['GET', '//other.test/', 'origin.test:81'],
  ['OPTIONS', '*', 'origin.test:81'],
  ['GET', 'http://other.test', 'other.test'],
  ['GET', 'HTTP://other.test:8080/a?b@c', 'other.test:8080'],
  ['GET', 'http://user:pass@other.test/', 'other.test'],
  ['GET', 'http://[fe80::1%25eth0]:81/', '[fe80::1]:81'],
  ['GET', 'urn:a:b', 'origin.test:81'],
  ['GET', 'http:///x', 'origin.test:81'],
  ['CONNECT', 'other.test:443', 'other.test:443'],
  ['CONNECT', '[fe80::1%eth0]:443', '[fe80::1]:443'],
])('%s %s: %s', (method, target, host) => {
  expect(hostOf(method, target, 'origin.test:81')).toBe(host);
});
