/** Puts a request into bytes: RFC 9112 §3, §5 and §7.1. What comes in has been checked. */
import type { HeaderPair } from '../../contract/values.ts';

/**
 * The request head as Latin-1 text, in one string: it leaves in one write. `Host` goes first when the caller has none
 * (RFC 9110 §7.2); the caller's fields keep their order and case.
 */
export function encodeRequestHead(
  method: string,
  target: string,
  authority: string,
  headers: readonly HeaderPair[],
  framingLine: string,
): string {
  const lines = linesOf(headers);
  return lines.hasHost
    ? `${method} ${target} HTTP/1.1\r\n${lines.text}${framingLine}\r\n`
    : `${method} ${target} HTTP/1.1\r\nhost: ${authority}\r\n${lines.text}${framingLine}\r\n`;
}

interface FieldLines {
  readonly text: string;
  readonly hasHost: boolean;
}

/** Of the frozen list that was written last: it, and so its lines, may come again. Only `checkedFields` freezes lists, with all of their pairs. */
let lastFields: readonly HeaderPair[] | null = null;
let lastLines: FieldLines;

function linesOf(headers: readonly HeaderPair[]): FieldLines {
  if (headers === lastFields) return lastLines;
  const lines = toLines(headers);
  if (Object.isFrozen(headers)) {
    lastFields = headers;
    lastLines = lines;
  }
  return lines;
}

function toLines(headers: readonly HeaderPair[]): FieldLines {
  let text = '';
  let hasHost = false;
  for (let index = 0; index < headers.length; index += 1) {
    const pair = headers[index]!;
    const name = pair[0];
    if (name.length === 4 && !hasHost) hasHost = name === 'host' || name === 'Host' || name.toLowerCase() === 'host';
    text += `${name}: ${pair[1]}\r\n`;
  }
  return { text, hasHost };
}

export function encodeChunkHead(length: number): string {
  return `${length.toString(16)}\r\n`;
}

export function encodeLastChunk(trailers: readonly HeaderPair[] | null): string {
  if (trailers === null) return '0\r\n\r\n';
  let text = '0\r\n';
  for (const [name, value] of trailers) text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}
