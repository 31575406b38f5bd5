/** What of a message is written down: the secrets that `redact.ts` knows by their names, those that the caller names, and values that he knows. */
import type { HeaderPair } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { boolean } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { decoded, isSecretField, isSecretParameter, mask, shownHeaderValue, shownParameter, shownUrl } from '../redact.ts';
import {
  applyReplacements,
  elementSecrets,
  formSecrets,
  jsonSecrets,
  partSecrets,
  userSecrets,
  valueSecrets,
  type Masked,
  type Replacement,
} from './body-secrets.ts';
import { isFormType, isJsonLike, isPerhapsJson, isText, isXml, multipartBoundary } from './media-type.ts';

/** Which secrets are masked, beside those that are always: what is named like a credential, cookies, and the user of a URL. */
export interface MaskOptions {
  /**
   * Further names of fields, parameters, form fields and members of JSON. Texts are compared without regard to case.
   * @example
   * { names: ['x-tenant', /^x-internal-/i] }
   */
  readonly names?: readonly (string | RegExp)[] | undefined;
  /** Names that look like a secret and are none, such as `next_page_token`. */
  readonly except?: readonly string[] | undefined;
  /** Values that are masked wherever they stand: `[process.env.API_KEY]`. `undefined` and empty texts are passed over. */
  readonly values?: readonly (string | undefined)[] | undefined;
  /** Are JSON, XML, form and multipart bodies masked by the names of their members too? Texts and lists of them are, numbers and flags are not. Default `true`. */
  readonly bodies?: boolean | undefined;
}

const optionNames: OptionNames<MaskOptions> = Object.freeze({ names: undefined, except: undefined, values: undefined, bodies: undefined });

type IsSecret = (name: string) => boolean;

interface Rules {
  /** Named by the caller. */
  readonly isOwn: IsSecret;
  readonly isPlain: IsSecret;
  readonly values: readonly string[];
  readonly bodies: boolean;
}

/** Shorter ones are found in many a text that has nothing to do with them. */
const shortestKnown = 6;

export class Mask {
  readonly #isOwn: IsSecret;
  readonly #isPlain: IsSecret;
  readonly #values: readonly string[];
  readonly #bodies: boolean;

  private constructor({ isOwn, isPlain, values, bodies }: Rules) {
    this.#isOwn = isOwn;
    this.#isPlain = isPlain;
    this.#values = values;
    this.#bodies = bodies;
  }

  /** @throws {InvalidOption} naming the option. */
  static of(options: MaskOptions = {}): Mask {
    const { names = [], except = [], values = [], bodies = true } = ownOptions(options, optionNames, 'mask');
    const texts = new Set(each('mask.names', names, isName).flatMap((name) => (typeof name === 'string' ? [name.toLowerCase()] : [])));
    const patterns = names.flatMap((name) => (name instanceof RegExp ? [new RegExp(name.source, name.flags.replace(/[gy]/g, ''))] : []));
    const plain = new Set(each('mask.except', except, isTextValue).map((name) => name.toLowerCase()));
    return new Mask({
      isOwn: (name) => texts.has(name.toLowerCase()) || patterns.some((pattern) => pattern.test(name)),
      isPlain: (name) => plain.has(name.toLowerCase()),
      values: each('mask.values', values, isTextOrNothing).flatMap((value) => (value === undefined || value === '' ? [] : [value])),
      bodies: boolean('mask.bodies', bodies),
    });
  }

  /** The same, which knows the secrets of a message by their values, too: a server that says again what it was sent shows none. */
  knowing(headers: readonly HeaderPair[], url = '', body?: { readonly bytes: Uint8Array; readonly mediaType: string }): Mask {
    const secrets = headers.flatMap(([name, value]) => this.#secretsOf(name, value));
    for (const [, name = '', value = ''] of url.matchAll(/[?&;]([^=&;#]*)=([^&;#]*)/g)) {
      if (this.#isParameter(decoded(name))) secrets.push(value, decoded(value));
    }
    if (body !== undefined) secrets.push(...this.#bodySecrets(body.bytes, body.mediaType));
    const known = secrets.filter((secret) => secret.length >= shortestKnown && secret !== mask);
    if (known.length === 0) return this;
    // The longest first: one may be a part of another.
    const values = [...new Set([...this.#values, ...known])].sort((a, b) => b.length - a.length);
    return new Mask({ isOwn: this.#isOwn, isPlain: this.#isPlain, bodies: this.#bodies, values });
  }

  #secretsOf(name: string, value: string): string[] {
    const lower = name.toLowerCase();
    if (lower === 'cookie' || lower === 'set-cookie') {
      const pairs = lower === 'cookie' ? value.split(';') : value.split(';', 1);
      return pairs.map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
    }
    if (this.header(name, value) !== mask) return [];
    // A credential is also what follows its scheme.
    return [value, ...(value.includes(' ') ? [value.slice(value.indexOf(' ') + 1).trim()] : [])];
  }

  #bodySecrets(bytes: Uint8Array, mediaType: string): string[] {
    const octets = toOctets(bytes);
    return Array.from(this.#named(octets, mediaType), ({ start, end }) => {
      const written = Buffer.from(octets.slice(start, end), 'latin1').toString('utf8');
      return isFormType(mediaType) ? [written, decoded(written.replaceAll('+', ' '))] : [written];
    }).flat();
  }

  header(name: string, value: string): string {
    const lower = name.toLowerCase();
    if (this.#isPlain(lower)) return this.text(value);
    if (this.#isOwn(lower)) return mask;
    if (lower === 'cookie') return value.replace(/[^=;]*(?:=[^;]*)?/g, (pair) => maskedCookie(pair));
    if (lower === 'set-cookie') return value.replace(/^[^;]*/, (pair) => maskedCookie(pair));
    return this.text(shownHeaderValue(name, value));
  }

  /** Without user information and fragment. */
  url(text: string, depth = 0): string {
    const shown = shownUrl(text, depth);
    const at = shown.indexOf('?');
    const own = text.includes('?') ? text.slice(text.indexOf('?')).split('#', 1)[0]! : '';
    // What was taken for the user of a URL may have had a "?" in it.
    if (at === -1 || withoutValues(shown.slice(at)) !== withoutValues(own)) return this.text(shown);
    const query = own.replace(/([?&;])([^=&;]*)=([^&;]*)/g, (_, separator: string, name: string, value: string) => {
      const inside = (url: string, deeper: number): string => this.url(url, deeper);
      return `${separator}${name}=${this.#isParameter(decoded(name)) ? mask : shownParameter(value, depth, inside)}`;
    });
    return this.text(shown.slice(0, at) + query);
  }

  parameter(name: string, value: string): string {
    return this.#isParameter(name) ? mask : this.text(shownParameter(value, 0, (url, depth) => this.url(url, depth)));
  }

  /** Values that are secrets, wherever they stand. */
  text(text: string): string {
    let masked = text;
    for (const value of this.#values) masked = masked.replaceAll(value, mask);
    return masked;
  }

  /** A body, as octets. */
  body(bytes: Uint8Array, mediaType: string): Masked {
    const octets = toOctets(bytes);
    return applyReplacements(bytes, octets, [...this.#named(octets, mediaType), ...valueSecrets(octets, this.#values)]);
  }

  /** By the names of its members. */
  *#named(octets: string, mediaType: string): Generator<Replacement> {
    if (!this.#bodies) return;
    const boundary = multipartBoundary(mediaType);
    if (isFormType(mediaType)) yield* formSecrets(octets, this.#isParameter);
    else if (boundary !== undefined) yield* partSecrets(octets, boundary, this.#isParameter);
    else if (isXml(mediaType)) yield* elementSecrets(octets, this.#isMember);
    else if (isJsonLike(mediaType) || isPerhapsJson(mediaType, octets)) yield* jsonSecrets(octets, this.#isMember);
    else if (!isText(mediaType)) return;
    yield* userSecrets(octets);
  }

  readonly #isParameter: IsSecret = (name) => !this.#isPlain(name) && (this.#isOwn(name) || isSecretParameter(name));
  /** The short names of parameters (`code`, `key`) are everyday words in JSON. */
  readonly #isMember: IsSecret = (name) => !this.#isPlain(name) && (this.#isOwn(name) || isSecretField(name));
}

function toOctets(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function withoutValues(query: string): string {
  return query.replace(/=[^&;]*/g, '=');
}

/** Its name stays, so that a jar, and a look at the file, know which one it is. */
function maskedCookie(pair: string): string {
  const at = pair.indexOf('=');
  if (at === -1) return pair.trim() === '' ? pair : mask;
  return `${pair.slice(0, at + 1)}${mask}`;
}

/** @throws {InvalidOption} */
function each<Item>(option: string, values: readonly Item[], isValid: (value: unknown) => boolean): readonly Item[] {
  if (Array.isArray(values) && values.every((value) => isValid(value))) return values;
  throw new InvalidOption(option, `must be a list of ${option === 'mask.names' ? 'texts and regular expressions' : 'texts'}`);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' || value instanceof RegExp;
}

function isTextValue(value: unknown): boolean {
  return typeof value === 'string';
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
