import { describe, expect, it } from 'vitest';

import { quoted, quotedOctets } from './shell-quoting.ts';

describe('a word of the shell', () => {
  it.each([
    ['plain-text_1.2/3:4@5', 'plain-text_1.2/3:4@5'],
    ['', "''"],
    ['two words', "'two words'"],
    [`it's`, `'it'\\''s'`],
    ['$HOME `id` "x" \\', `'$HOME \`id\` "x" \\'`],
    ['~', "'~'"],
    ['a\nb', "'a\nb'"],
    ['\x00\x1b', "$'\\000\\033'"],
    [`\x01'\\é`, `$'\\001\\'\\\\\\303\\251'`],
  ])('%j', (text, word) => {
    expect(quoted(text)).toBe(word);
  });

  it('of octets', () => {
    expect(quotedOctets('x: \xe9')).toBe(`$'x: \\351'`);
    expect(quotedOctets('x: y')).toBe("'x: y'");
  });
});
