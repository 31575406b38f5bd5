import { describe, expect, it } from 'vitest';

import { firstSentence, parseComment } from './comment.ts';
import { linkNames, toMarkdown } from './text.ts';

describe('a doc comment', () => {
  it('is taken apart', () => {
    const comment = parseComment(`/**
   * Sends it. Default \`null\`.
   *
   * More of it.
   *
   * @param url where
   *   to.
   * @throws {InvalidOption} it is none.
   * @example
   * const response = await get(url);
   * // @ts-expect-error
   */`);
    expect(comment).toEqual({
      text: 'Sends it. Default `null`.\n\nMore of it.',
      parameters: [{ name: 'url', text: 'where\n  to.' }],
      throws: [{ error: 'InvalidOption', text: 'it is none.' }],
      examples: ['const response = await get(url);\n// @ts-expect-error'],
      isInternal: false,
    });
  });

  it('may stand in one line', () => {
    expect(parseComment('/** `Infinity` passes. @throws {InvalidOption} */')).toMatchObject({
      text: '`Infinity` passes.',
      throws: [{ error: 'InvalidOption', text: '' }],
    });
    expect(parseComment('/** @internal What it consists of. */').isInternal).toBe(true);
  });

  it('begins with a sentence', () => {
    expect(firstSentence('Sends `a.b. c` of RFC 9110 §7.2 once. And more.')).toBe('Sends `a.b. c` of RFC 9110 §7.2 once.');
    expect(firstSentence('Sends it:\n\n- once')).toBe('Sends it');
  });

  it('becomes Markdown in which names are links and nothing is markup', () => {
    const linkOf = (name: string): string | undefined => (name === 'Proxy' ? '#Proxy' : undefined);
    expect(toMarkdown('A {@link Proxy}, `Proxy`, `<b>`, <b>{{x}} and {@link Proxy | another}', linkOf)).toBe(
      'A [`Proxy`](#Proxy), [`Proxy`](#Proxy), `<b>`, &lt;b>&#123;&#123;x}} and [`another`](#Proxy)',
    );
  });
});

describe('names in a guide', () => {
  it('are links where they are told first, in text alone', () => {
    const linkOf = (name: string): string | undefined => (name === 'Proxy' ? 'x.md' : undefined);
    const text = ['# `Proxy`', 'See [`Proxy`](y.md), `Proxy` and `Proxy`.', '```ts', '`Proxy`', '```'].join('\n');
    expect(linkNames(text, linkOf)).toBe(
      ['# `Proxy`', 'See [`Proxy`](y.md), [`Proxy`](x.md) and `Proxy`.', '```ts', '`Proxy`', '```'].join('\n'),
    );
  });
});
