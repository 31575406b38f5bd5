import type { HeaderPair } from '@x/httpcore';

import type { ContentRange } from '../rules/ranges.ts';
import type { SelectingField } from '../rules/vary.ts';
import type { StoredBytes, StoredResponse } from './store.ts';

// Measured on V8: an entry and its place in the map; one chunk with its memory.
const entryOverhead = 500;
const chunkOverhead = 220;
const memberOverhead = 90;

/** Bodies up to this size are text, a byte for a letter: an array of bytes is three objects, and its memory is had and given back by itself. */
const largestText = 1024;

// In no field, for nothing with one is a message of HTTP.
const separator = '\n';

/**
 * A response in memory. A million of them are looked at by each full collection, and each of them is moved twice before it is at rest: so it is not fifty
 * objects, as its fields and their values would be, but five.
 */
export class MemoryEntry {
  readonly key: string;
  readonly id: string;
  readonly url: string;
  readonly status: number;
  readonly reason: string;
  readonly httpVersion: string;
  readonly selecting: readonly SelectingField[];
  readonly partition: string;
  readonly requestedAt: number;
  readonly receivedAt: number;
  readonly part: ContentRange | null;
  readonly askedRange: string | null;
  readonly tags: readonly string[];
  readonly usefulUntil: number;
  readonly length: number;
  /** Names and values in turn. */
  readonly fields: string;
  readonly fieldCount: number;
  readonly cost: number;
  #body: string | readonly Uint8Array[];
  /** As it is handed out, for those that were asked for lately. */
  unpacked: StoredResponse | undefined = undefined;
  /** Others of the same key. */
  next: MemoryEntry | undefined = undefined;
  /** Neighbours in the order of use. */
  older: MemoryEntry | undefined = undefined;
  newer: MemoryEntry | undefined = undefined;

  constructor(key: string, response: StoredResponse, length: number, body: string | readonly Uint8Array[]) {
    this.key = key;
    this.id = response.id;
    // Most often the same text, and then the same memory.
    this.url = response.url === key ? key : response.url;
    this.status = response.status;
    this.reason = response.reason;
    this.httpVersion = response.httpVersion;
    this.selecting = response.selecting;
    this.partition = response.partition;
    this.requestedAt = response.requestedAt;
    this.receivedAt = response.receivedAt;
    this.part = response.part;
    this.askedRange = response.askedRange;
    this.tags = response.tags;
    this.usefulUntil = response.usefulUntil;
    this.length = length;
    this.fieldCount = response.headers.length;
    this.fields = packed(response.headers);
    this.#body = body;
    this.cost = this.#cost();
  }

  /** With the body that this one has. */
  with(response: StoredResponse): MemoryEntry {
    return new MemoryEntry(this.key, response, this.length, this.#body);
  }

  /** `undefined`: what is here was no response of HTTP. */
  unpack(): StoredResponse | undefined {
    const headers = unpacked(this.fields, this.fieldCount);
    if (headers === undefined) return undefined;
    const {
      id,
      url,
      status,
      reason,
      httpVersion,
      selecting,
      partition,
      requestedAt,
      receivedAt,
      part,
      askedRange,
      tags,
      usefulUntil,
      length,
    } = this;
    return {
      id,
      url,
      status,
      reason,
      httpVersion,
      headers,
      selecting,
      partition,
      requestedAt,
      receivedAt,
      part,
      askedRange,
      tags,
      usefulUntil,
      length,
    };
  }

  bytes(start: number, end: number): StoredBytes {
    const body = this.#body;
    if (typeof body === 'string') return Buffer.from(body, 'latin1').subarray(start, end);
    return body.length === 1 ? body[0]!.subarray(start, end) : slices(body, start, end);
  }

  /** V8's maps keep what was deleted from them until their next full collection: let that be little. */
  letGo(): void {
    this.#body = '';
    this.unpacked = undefined;
    this.next = undefined;
  }

  #cost(): number {
    let cost = entryOverhead + this.key.length + this.fields.length + this.length;
    if (this.url !== this.key) cost += this.url.length;
    for (const [name, value] of this.selecting) cost += memberOverhead + name.length + (value?.length ?? 0);
    for (const tag of this.tags) cost += memberOverhead + tag.length;
    return typeof this.#body === 'string' ? cost : cost + this.#body.length * chunkOverhead;
  }
}

/** What of a body is kept: a small one as text, one in many small pieces as one. */
export function keptBody(chunks: readonly Uint8Array[], length: number): string | readonly Uint8Array[] {
  if (length <= largestText) {
    if (chunks.length === 1) return latin1(chunks[0]!);
    return chunks.map((chunk) => latin1(chunk)).join('');
  }
  return chunks.length > 1 && length <= 64 * 1024 ? [joined(chunks, length)] : chunks;
}

// Not by way of a Buffer over the same memory: a small array has its memory in the heap, and asking for its `buffer` moves it out.
const { latin1Slice } = Buffer.prototype;

function latin1(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length);
}

function packed(headers: readonly HeaderPair[]): string {
  const texts: string[] = [];
  for (const [name, value] of headers) texts.push(name, value);
  return texts.join(separator);
}

/** `undefined` where a name or a value had a separator in it. */
function unpacked(text: string, count: number): readonly HeaderPair[] | undefined {
  if (count === 0) return [];
  const texts = text.split(separator);
  if (texts.length !== count * 2) return undefined;
  const headers: HeaderPair[] = [];
  for (let at = 0; at < texts.length; at += 2) headers.push([texts[at]!, texts[at + 1]!]);
  return headers;
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Empty for no bytes. */
async function* slices(chunks: readonly Uint8Array[], start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for (const chunk of chunks) {
    if (at >= end) return;
    const from = Math.max(0, start - at);
    const piece = chunk.subarray(from, end - at);
    at += chunk.length;
    if (piece.length > 0 && from < chunk.length) yield piece;
  }
}
