/**
 * The grammar of what we put on the wire, by table lookup (RFC 9110 §5.1, §5.5, §5.6.2; RFC 9112 §3.2). Everything is
 * checked after coercion: what is tested is the string that is written, never an object that could change its mind.
 */
import type { HeaderPair } from '../contract/values.ts';
import { tokenCharacters, valueCharacters, visibleCharacters } from './characters.ts';
import { LocalProtocolError } from '../contract/errors.ts';

// Names repeat for ever; remembering those that were found valid makes the check one look-up. Bounded, since names can be data.
const knownNames = new Set<string>();
const knownNamesLimit = 512;
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);

const noFields: readonly HeaderPair[] = Object.freeze([]);
/** Of lists that were found valid and are frozen with all of their pairs: a copy of ours, for the next time. A client gives the same for every call. */
const checkedOf = new WeakMap<readonly HeaderPair[], readonly HeaderPair[]>();
let lastGiven: readonly HeaderPair[] = noFields;
let lastChecked: readonly HeaderPair[] = noFields;

function consistsOf(text: string, table: Uint8Array): boolean {
  for (let index = 0; index < text.length; index += 1) {
    // Past the table's end is `undefined`, which is not 1.
    if (table[text.charCodeAt(index)] !== 1) return false;
  }
  return true;
}

export function isToken(text: string): boolean {
  return text.length > 0 && consistsOf(text, tokenCharacters);
}

/** May it be the value of a field? Leading and trailing white space is allowed: a recipient drops it. */
export function isFieldValue(text: string): boolean {
  return consistsOf(text, valueCharacters);
}

export function isFieldName(text: string): boolean {
  if (knownNames.has(text)) return true;
  if (!isToken(text)) return false;
  if (knownNames.size < knownNamesLimit) knownNames.add(text);
  return true;
}

/** @throws {LocalProtocolError} `INVALID_METHOD`. */
export function checkMethod(method: string): void {
  if (method === 'GET' || knownMethods.has(method)) return;
  if (typeof method !== 'string' || !isToken(method)) {
    throw local('INVALID_METHOD', `The method ${show(method)} is not a token`);
  }
}

/** @throws {LocalProtocolError} `INVALID_TARGET`. */
export function checkTarget(target: string): void {
  if (typeof target !== 'string' || target.length === 0 || !consistsOf(target, visibleCharacters)) {
    throw local('INVALID_TARGET', 'The request target must be non-empty printable ASCII without spaces');
  }
}

/**
 * The fields, checked, in arrays that nobody else has or can change: what was checked is what is sent.
 *
 * @throws {LocalProtocolError} `INVALID_HEADER_NAME` or `INVALID_HEADER_VALUE`, naming the field but never showing its value.
 */
export function checkedFields(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  if (pairs === lastGiven) return lastChecked;
  if (!Array.isArray(pairs)) throw local('INVALID_HEADER_NAME', 'Headers must be an array of [name, value] pairs');
  let hasHost = false;
  const { length } = pairs;
  if (length === 0) return noFields;
  const isFrozen = Object.isFrozen(pairs);
  if (isFrozen) {
    const known = checkedOf.get(pairs);
    if (known !== undefined) return remember(pairs, known);
  }
  // Of the exact size: a list that grows has room for seventeen, and thousands of requests may wait.
  // oxlint-disable-next-line unicorn/no-new-array -- `Array.from` takes many times as long
  const own = new Array<HeaderPair>(length);
  for (let index = 0; index < length; index += 1) {
    const pair = pairs[index] as HeaderPair;
    if (!Array.isArray(pair) || pair.length !== 2) throw local('INVALID_HEADER_NAME', `Header ${index} is not a [name, value] pair`);
    const name: unknown = pair[0];
    const value: unknown = pair[1];
    if (typeof name !== 'string' || !isFieldName(name)) {
      throw local('INVALID_HEADER_NAME', `The header name ${show(name)} is not a token`);
    }
    if (typeof value !== 'string' || !isFieldValue(value)) {
      throw local(
        'INVALID_HEADER_VALUE',
        typeof value === 'string'
          ? `The value of the header ${show(name)} has a character that is not allowed in a field value`
          : `The value of the header ${show(name)} must be a string; it is ${value === null ? 'null' : typeof value}`,
      );
    }
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (hasHost) throw local('INVALID_HEADER_NAME', 'The request has more than one Host');
      hasHost = true;
    }
    own[index] = [name, value];
  }
  if (!isFrozen || !pairs.every((pair) => Object.isFrozen(pair))) return own;
  for (const pair of own) Object.freeze(pair);
  checkedOf.set(pairs, Object.freeze(own));
  return remember(pairs, own);
}

function remember(given: readonly HeaderPair[], checked: readonly HeaderPair[]): readonly HeaderPair[] {
  lastGiven = given;
  lastChecked = checked;
  return checked;
}

// Fields that decide framing, routing or authentication must be known before the body (RFC 9110 §6.5.1).
const forbiddenTrailers = new Set([
  'transfer-encoding',
  'content-length',
  'host',
  'authorization',
  'content-encoding',
  'content-type',
  'trailer',
  'te',
  // Of HTTP/1.1's connections: HTTP/2 has no place for them, and a proxy takes them for its own.
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
]);

/** As {@link checkedFields}. @throws {LocalProtocolError} `INVALID_TRAILER` besides. */
export function checkedTrailers(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  const own = checkedFields(pairs);
  for (const [name] of own) {
    if (forbiddenTrailers.has(name.toLowerCase())) throw local('INVALID_TRAILER', `The field ${show(name)} must not be a trailer`);
  }
  return own;
}

function show(text: unknown): string {
  return typeof text === 'string' ? JSON.stringify(text.slice(0, 60)) : `of type ${typeof text}`;
}

function local(code: string, message: string): LocalProtocolError {
  return new LocalProtocolError(message, { code, phase: 'request' });
}
