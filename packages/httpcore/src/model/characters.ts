/** What a field may be made of, as tables by character code: 1 where it may stand. Past a table's end is `undefined`, which is not 1. */

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

function tableFrom(first: number, last: number): Uint8Array {
  const table = new Uint8Array(256);
  for (let code = first; code <= last; code += 1) table[code] = 1;
  return table;
}

const lowerCaseToken = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";

/** RFC 9110 §5.6.2: a method, a field's name. */
export const tokenCharacters: Uint8Array = tableOf(`${lowerCaseToken}ABCDEFGHIJKLMNOPQRSTUVWXYZ`);
/** RFC 9113 §8.2.1: a field's name over HTTP/2. */
export const lowerCaseTokenCharacters: Uint8Array = tableOf(lowerCaseToken);
/** RFC 9110 §5.5: HTAB, SP, VCHAR and obs-text. CR, LF, NUL and the other controls are not in it, and nothing above Latin-1 is. */
export const valueCharacters: Uint8Array = tableFrom(0x20, 0xff);
valueCharacters[0x09] = 1;
valueCharacters[0x7f] = 0;
/** Printable ASCII without space: what can stand in a request line without ending it, wherever an intermediary makes one of it (RFC 9113 §10.3). */
export const visibleCharacters: Uint8Array = tableFrom(0x21, 0x7e);
