/** The head of a part: its name and what is said of its content, as browsers write it (WHATWG HTML, multipart/form-data). */
import type { HeaderPair } from '@x/httpcore';

import { InvalidOption } from '../../errors.ts';

export interface PartDescription {
  readonly name: string;
  /** `undefined` leaves it out; then servers take the part for a field. */
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  readonly headers: readonly HeaderPair[];
}

/**
 * The lines after the boundary, as UTF-8, up to the content. Names are written raw but for the quotation mark, which is `%22`;
 * `filename*` is never written, since RFC 7578 §4.2 forbids it.
 *
 * @throws {InvalidOption} naming `option`: a text holds CR, LF or NUL, and could end its line or its part.
 */
export function partHead(part: PartDescription, option: string): string {
  let disposition = `form-data; name="${quotable(part.name, 'name', option)}"`;
  if (part.filename !== undefined) disposition += `; filename="${quotable(part.filename, 'filename', option)}"`;
  let lines = `Content-Disposition: ${disposition}\r\n`;
  if (part.contentType !== undefined) lines += `Content-Type: ${oneLine(part.contentType, 'content type', option)}\r\n`;
  for (const [name, value] of part.headers) lines += `${name}: ${value}\r\n`;
  return `${lines}\r\n`;
}

function quotable(text: string, kind: string, option: string): string {
  return oneLine(text, kind, option).replaceAll('"', '%22');
}

function oneLine(text: string, kind: string, option: string): string {
  // By code, since a caret in a regular expression would hide which characters are meant.
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x0d || code === 0x0a || code === 0x00) throw new InvalidOption(option, `has a ${kind} with CR, LF or NUL in it`);
  }
  return text;
}
