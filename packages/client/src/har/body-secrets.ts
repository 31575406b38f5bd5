/** Where in a body there is a secret. Bodies are looked at as octets (Latin-1), so that places in the text are places in the bytes. */
import { mask } from '../redact.ts';

/** The octets from `start` up to `end` become `text`. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Masked {
  readonly bytes: Uint8Array;
  /** Where in them a place of the original is now. */
  offset(original: number): number;
}

/**
 * Members whose name `isSecret`, and whose value is a text, or a list that begins with texts, wherever they stand: in one document, in one on each line, in the
 * data of events. What is no JSON is passed over.
 */
export function* jsonSecrets(octets: string, isSecret: (name: string) => boolean): Generator<Replacement> {
  // An open string goes to the end, so that no part of the text is looked at twice.
  const strings = /"((?:[^"\\]|\\.)*)(?:"|$)/gs;
  const colon = /\s*:\s*(\[\s*)?"/y;
  const comma = /\s*,\s*"/y;
  for (let found = strings.exec(octets); found !== null; found = strings.exec(octets)) {
    colon.lastIndex = strings.lastIndex;
    const value = colon.exec(octets);
    if (value === null || !isSecret(unescaped(found[1]!))) continue;
    strings.lastIndex = colon.lastIndex - 1;
    for (let isMore = true; isMore;) {
      const text = strings.exec(octets)!;
      yield { start: text.index + 1, end: text.index + 1 + text[1]!.length, text: mask };
      comma.lastIndex = strings.lastIndex;
      isMore = value[1] !== undefined && comma.test(octets);
      if (isMore) strings.lastIndex = comma.lastIndex - 1;
    }
  }
}

/** `pass\u0077ord` is the same name. */
function unescaped(name: string): string {
  if (!name.includes('\\')) return name;
  try {
    return String(JSON.parse(`"${name}"`));
  } catch {
    return name;
  }
}

/** Elements whose name `isSecret`, with a text and nothing else in them. */
export function* elementSecrets(octets: string, isSecret: (name: string) => boolean): Generator<Replacement> {
  for (const found of octets.matchAll(/<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>([^<]+)<\//g)) {
    const end = found.index + found[0].length - 2;
    if (isSecret(found[1]!)) yield { start: end - found[2]!.length, end, text: mask };
  }
}

/** Who the user of a URL is, wherever one stands in a text: `postgres://ada:secret@db`. */
export function* userSecrets(octets: string): Generator<Replacement> {
  for (const found of octets.matchAll(/:(?:\/\/|\\\/\\\/)([^\s"'<>/\\@:]*:[^\s"'<>/\\@]+)@/g)) {
    const end = found.index + found[0].length - 1;
    yield { start: end - found[1]!.length, end, text: mask };
  }
}

export function* formSecrets(octets: string, isSecret: (name: string) => boolean): Generator<Replacement> {
  for (const pair of octets.matchAll(/([^=&]*)=([^&]*)/g)) {
    const start = pair.index + pair[1]!.length + 1;
    // As it is written in a form, where brackets are escaped.
    if (isSecret(formText(pair[1]!))) yield { start, end: start + pair[2]!.length, text: encodeURIComponent(mask) };
  }
}

/** Fields of multipart/form-data; not files. */
export function* partSecrets(octets: string, boundary: string, isSecret: (name: string) => boolean): Generator<Replacement> {
  const delimiter = `--${boundary}`;
  for (let at = octets.indexOf(delimiter); at !== -1;) {
    const next = octets.indexOf(`\r\n${delimiter}`, at + delimiter.length);
    const end = next === -1 ? octets.length : next;
    const start = octets.indexOf('\r\n\r\n', at) + 4;
    if (start !== 3 && start <= end) {
      const head = octets.slice(at, start);
      const [, quoted, plain] = /;\s*name=(?:"([^"]*)"|([^\s";]+))/i.exec(head) ?? [];
      const name = quoted ?? plain;
      if (name !== undefined && !/;\s*filename\*?=/i.test(head) && isSecret(name)) yield { start, end, text: mask };
    }
    at = next === -1 ? -1 : next + 2;
  }
}

/** Values that are known to be secrets. */
export function* valueSecrets(octets: string, values: readonly string[]): Generator<Replacement> {
  for (const value of values) {
    const wanted = Buffer.from(value, 'utf8').toString('latin1');
    for (let at = octets.indexOf(wanted); at !== -1; at = octets.indexOf(wanted, at + wanted.length)) {
      yield { start: at, end: at + wanted.length, text: mask };
    }
  }
}

export function applyReplacements(bytes: Uint8Array, octets: string, replacements: readonly Replacement[]): Masked {
  if (replacements.length === 0) return { bytes, offset: (original) => original };
  const ordered = withoutOverlaps(replacements);
  let masked = '';
  let done = 0;
  for (const { start, end, text } of ordered) {
    masked += octets.slice(done, start) + text;
    done = end;
  }
  masked += octets.slice(done);
  return { bytes: Buffer.from(masked, 'latin1'), offset: (original) => movedOffset(ordered, original) };
}

function withoutOverlaps(replacements: readonly Replacement[]): Replacement[] {
  const ordered: Replacement[] = [];
  for (const replacement of [...replacements].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = ordered.at(-1);
    if (last === undefined || replacement.start >= last.end) ordered.push(replacement);
    // Two that overlap become one, so that no end of a secret is left over.
    else if (replacement.end > last.end) ordered[ordered.length - 1] = { start: last.start, end: replacement.end, text: last.text };
  }
  return ordered;
}

/** A place inside of a secret becomes the one behind it. */
function movedOffset(ordered: readonly Replacement[], original: number): number {
  let moved = original;
  for (const { start, end, text } of ordered) {
    if (start >= original) break;
    moved += text.length - (end - start);
    if (original < end) moved += end - original;
  }
  return moved;
}

function formText(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
