/** A stored response as one text: of the fifty objects that it is made of, none stays in memory. */
import type { HeaderPair } from '@x/httpcore';

import type { StoredResponse } from './store.ts';

// In no field, for nothing with one is a message of HTTP.
const separator = '\n';
const separatorCode = 0x0a;
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
  const { id, url, reason, httpVersion, partition, headers } = response;
  const seldom = isUsual(response) ? '' : seldomText(response);
  let text = `${id}\n${url === key ? '' : url}\n${reason}\n${httpVersion}\n${partition}\n${seldom}`;
  for (let at = 0; at < headers.length; at += 1) {
    const pair = headers[at]!;
    text += `\n${pair[0]}\n${pair[1]}`;
  }
  return text;
}

function isUsual({ selecting, part, tags }: StoredResponse): boolean {
  return selecting.length === 0 && part === null && tags.length === 0;
}

function seldomText({ selecting, part, askedRange, tags }: StoredResponse): string {
  return JSON.stringify({ selecting, part, askedRange, tags } satisfies Seldom);
}

/** How many letters its text has; `-1` for one that is not usual, and is packed as a text first. */
export function packedLength(key: string, response: StoredResponse): number {
  if (!isUsual(response)) return -1;
  const { id, url, reason, httpVersion, partition, headers } = response;
  let length = id.length + (url === key ? 0 : url.length) + reason.length + httpVersion.length + partition.length + factCount - 1;
  for (let at = 0; at < headers.length; at += 1) length += headers[at]![0].length + headers[at]![1].length + 2;
  return length;
}

/**
 * Writes a text where it is to be, piece by piece, without making it first. Where a field is the same as in the response before, its bytes are copied: a server
 * says the same with most responses, and comparing costs less than writing.
 */
export class HeadWriter {
  /** The fields that were written last, in which turn, and where. Not the response's own list, which others may change. */
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  #turn = -1;
  #fieldsAt = 0;

  /**
   * `turn`: another one for each time that the memory is used. `false`: a letter of it has two bytes, and what was written is nothing.
   */
  write(bytes: Uint8Array, from: number, turn: number, key: string, response: StoredResponse): boolean {
    const { id, url, reason, httpVersion, partition, headers } = response;
    seen = 0;
    let at = writeSum(bytes, from, key);
    at = writeSum(bytes, at, id);
    bytes[at++] = separatorCode;
    if (url !== key) at = writeSum(bytes, at, url);
    bytes[at++] = separatorCode;
    at = writeText(bytes, at, reason);
    bytes[at++] = separatorCode;
    at = writeText(bytes, at, httpVersion);
    bytes[at++] = separatorCode;
    at = writeText(bytes, at, partition);
    bytes[at++] = separatorCode;
    if (turn !== this.#turn) this.#names.length = this.#values.length = 0;
    this.#turn = turn;
    this.#writeFields(bytes, at, headers);
    this.#fieldsAt = at;
    if (seen <= 0xff) return true;
    this.#turn = -1;
    return false;
  }

  #writeFields(bytes: Uint8Array, from: number, headers: readonly HeaderPair[]): void {
    const names = this.#names;
    const values = this.#values;
    let at = from;
    /** Where fields of the response before begin and end that are the same in this one. */
    let first = this.#fieldsAt;
    let end = first;
    for (let index = 0; index < headers.length; index += 1) {
      const name = headers[index]![0];
      const value = headers[index]![1];
      let next = end;
      if (index < names.length) {
        next += names[index]!.length + values[index]!.length + 2;
        if (names[index] === name && values[index] === value) {
          end = next;
          continue;
        }
      }
      if (end > first) bytes.copyWithin(at, first, end);
      at += end - first;
      first = end = next;
      bytes[at++] = separatorCode;
      at = writeText(bytes, at, name);
      bytes[at++] = separatorCode;
      at = writeText(bytes, at, value);
      names[index] = name;
      values[index] = value;
    }
    if (end > first) bytes.copyWithin(at, first, end);
    names.length = values.length = headers.length;
  }
}

/** All units that were written since it was looked at, as one. */
let seen = 0;

function writeText(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  let units = 0;
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    units |= unit;
    bytes[at + index] = unit;
  }
  seen |= units;
  return at + length;
}

const { utf8Write } = Buffer.prototype;

/** Of a text that is a sum of others, which V8 puts together once more for each letter that is asked for. Beyond ASCII it is left to others. */
function writeSum(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  // With room for all that it may take: what is behind has not been written yet.
  if (utf8Write.call(bytes, text, at, Math.min(length * 3, bytes.length - at)) !== length) seen = 0x100;
  return at + length;
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
