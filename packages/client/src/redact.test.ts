import { describe, expect, it } from 'vitest';

import { shownUrl } from './redact.ts';

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
  ])('%s', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });

  it('takes time in proportion to the length', () => {
    const long = `https://${'u:'.repeat(50_000)}example.com/?${'a&'.repeat(50_000)}`;
    const start = performance.now();
    shownUrl(long);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
