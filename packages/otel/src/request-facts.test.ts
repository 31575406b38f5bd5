import { describe, expect, it } from 'vitest';

import { shownUrl } from './request-facts.ts';

const shown = (target: string): string => shownUrl(['https', 'a.example', null, target]).slice('https://a.example'.length);
const nested = encodeURIComponent;

describe('shownUrl', () => {
  it.each([
    ['/', '/'],
    ['/?page=2&mail=me@b.example&when=1?2', '/?page=2&mail=me@b.example&when=1?2'],
    ['/?token=hidden&%61ccess_token=hidden', '/?token=REDACTED&%61ccess_token=REDACTED'],
    [`/?next=${nested('https://me:hidden@b.example/?q=1')}`, `/?next=${nested('https://REDACTED:REDACTED@b.example/?q=1')}`],
    [`/?next=${nested('/login?token=hidden&q=1')}`, `/?next=${nested('/login?token=REDACTED&q=1')}`],
    [`/?next=${nested('//b.example/#access_token=hidden')}`, `/?next=${nested('//b.example/#access_token=REDACTED')}`],
    ['/?next=//me:hidden@b.example/', '/?next=//REDACTED:REDACTED@b.example/'],
    [
      `/?next=${nested(`https://b/?next=${nested('https://c/?sig=hidden')}`)}`,
      `/?next=${nested(`https://b/?next=${nested('https://c/?sig=REDACTED')}`)}`,
    ],
  ])('shows %s without its secrets', (target, expected) => {
    expect(shown(target)).toBe(expected);
  });

  it('shows nothing of what goes too deep', () => {
    let url = 'https://b/?sig=hidden';
    for (let depth = 0; depth < 6; depth += 1) url = `https://b/?next=${nested(url)}`;
    expect(shown(url.slice('https://b'.length))).not.toContain('hidden');
  });
});
