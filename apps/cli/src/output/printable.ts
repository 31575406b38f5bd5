/** Text of others, as a terminal may be given it: no escape sequence of a server moves our cursor, or names our window. */

/** Control characters but tab and new line become visible. What turns the direction of writing, and hides what is there, does so too. */
export function printable(text: string): string {
  return text.replace(/\r\n/gu, '\n').replace(/[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, (character) => {
    if (character === '\n' || character === '\t') return character;
    const code = character.charCodeAt(0);
    // Each of the old ones has a picture of its own.
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same on one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/[\n\t]+/gu, ' ');
}

/** How many columns a text takes: wide characters take two, and those that combine none. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** Not more than so many columns, with a mark where it was cut. */
export function cut(text: string, most: number): string {
  if (columnsOf(text) <= most) return text;
  let kept = '';
  let columns = 0;
  for (const character of text) {
    columns += widthOf(character);
    if (columns > most - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

function widthOf(character: string): number {
  if (/^(?:\p{Mn}|\p{Me}|[\u200B-\u200D])$/u.test(character)) return 0;
  return /^[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]$/u.test(
    character,
  )
    ? 2
    : 1;
}
