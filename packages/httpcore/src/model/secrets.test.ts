import { describe, expect, it } from 'vitest';

import { shownTarget, shownValue } from './secrets.ts';

const nested = encodeURIComponent;

describe('shownTarget', () => {
  it.each([
    ['/?page=2&mail=me@b.example', '/?page=2&mail=me@b.example'],
    ['/?token=hidden#hidden', '/?token=…'],
    ['http://me:hidden@a.example/', 'http://a.example/'],
    [`/?next=${nested('https://me:hidden@b.example/?q=1')}`, `/?next=${nested('https://b.example/?q=1')}`],
    [`/?next=${nested('/login?token=hidden&q=1')}`, `/?next=${nested('/login?token=…&q=1')}`],
    ['/?next=//me:hidden@b.example/', '/?next=//b.example/'],
    [
      `/?next=${nested(`https://b/?next=${nested('https://c/?sig=hidden')}`)}`,
      `/?next=${nested(`https://b/?next=${nested('https://c/?sig=…')}`)}`,
    ],
  ])('shows %s without its secrets', (target, expected) => {
    expect(shownTarget(target, '…')).toBe(expected);
  });

  it('shows nothing of what goes too deep', () => {
    let url = 'https://b/?sig=hidden';
    for (let depth = 0; depth < 6; depth += 1) url = `https://b/?next=${nested(url)}`;
    expect(shownTarget(url)).not.toContain('hidden');
  });
});

it('shownValue shows fields that hold a URL as it shows a URL', () => {
  expect(shownValue('location', `/login?next=${nested('https://me:hidden@b.example/')}`)).toBe(
    `/login?next=${nested('https://b.example/')}`,
  );
});
