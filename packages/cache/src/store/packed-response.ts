/** A stored response as one text: of the fifty objects that it is made of, one stays in memory. */
import type { HeaderPair } from '@x/httpcore';

import type { StoredResponse } from './store.ts';

// In no field, for nothing with one is a message of HTTP.
const separator = '\n';
/** What comes before the fields. */
const factCount = 6;

/** Facts that are numbers, and kept as such. */
export interface PackedNumbers {
  readonly status: number;
  readonly requestedAt: number;
  readonly receivedAt: number;
  readonly usefulUntil: number;
  readonly length: number;
}

/** What few responses have: with `Vary`, with tags, and parts. */
type Seldom = Pick<StoredResponse, 'selecting' | 'part' | 'askedRange' | 'tags'>;

/** All of it but its numbers. `key`: what it is found by, and mostly its URL. */
export function packedResponse(key: string, response: StoredResponse): string {
  const { id, url, reason, httpVersion, partition, headers, selecting, part, askedRange, tags } = response;
  const isUsual = selecting.length === 0 && part === null && tags.length === 0;
  const seldom = isUsual ? '' : JSON.stringify({ selecting, part, askedRange, tags } satisfies Seldom);
  let text = `${id}\n${url === key ? '' : url}\n${reason}\n${httpVersion}\n${partition}\n${seldom}`;
  for (let at = 0; at < headers.length; at += 1) {
    const pair = headers[at]!;
    text += `\n${pair[0]}\n${pair[1]}`;
  }
  return text;
}

const usual: Seldom = Object.freeze({ selecting: Object.freeze([]), part: null, askedRange: null, tags: Object.freeze([]) });

/** `undefined` where something in it had a separator in itself. */
export function unpackedResponse(key: string, text: string, fieldCount: number, numbers: PackedNumbers): StoredResponse | undefined {
  const texts = text.split(separator);
  if (texts.length !== factCount + fieldCount * 2) return undefined;
  const [id, url, reason, httpVersion, partition, seldom] = texts;
  const headers: HeaderPair[] = [];
  for (let at = factCount; at < texts.length; at += 2) headers.push([texts[at]!, texts[at + 1]!]);
  const { selecting, part, askedRange, tags } = seldom === '' ? usual : (JSON.parse(seldom!) as Seldom);
  const { status, requestedAt, receivedAt, usefulUntil, length } = numbers;
  return {
    id: id!,
    url: url === '' ? key : url!,
    status,
    reason: reason!,
    httpVersion: httpVersion!,
    headers,
    selecting,
    partition: partition!,
    requestedAt,
    receivedAt,
    part,
    askedRange,
    tags,
    usefulUntil,
    length,
  };
}

/** The id alone. */
export function isOfId(text: string, id: string): boolean {
  return text.startsWith(id) && text[id.length] === separator;
}
