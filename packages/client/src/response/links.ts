/** The `Link` field (RFC 8288): where else one can go from a response. */
import { parseUrl } from '../request/url/url.ts';

/** One of them. */
export interface Link {
  /** Absolute. */
  readonly url: string;
  /** What it is to the response, such as `next`, in lower case. */
  readonly relations: readonly string[];
  /** The other parameters, such as `title` and `type`, by their name in lower case. Of several with one name, the first. */
  readonly params: Readonly<Record<string, string>>;
}

/** Links by relation; of several with one relation, the first. */
export interface Links {
  readonly [relation: string]: Link | undefined;
  readonly next?: Link | undefined;
  readonly prev?: Link | undefined;
  readonly first?: Link | undefined;
  readonly last?: Link | undefined;
}

// Nobody goes a thousand ways from one place.
const mostLinks = 1_000;

/**
 * The links of a field, in order. What is not understood is passed over, as in RFC 8288 Appendix B: nothing that a server writes
 * here is an error.
 *
 * @example
 * const [next] = parseLinks('<?page=2>; rel="next"; title="Page 2"', 'https://example.com/items');
 * console.log(next?.url); // https://example.com/items?page=2
 */
export function parseLinks(field: string, base: string): Link[] {
  const links: Link[] = [];
  const text = new LinkScanner(field);
  while (links.length < mostLinks && text.skipPast('<')) {
    const target = text.until('>');
    if (target === undefined) break;
    const link = makeLink(target, linkParameters(text), base);
    if (link !== undefined) links.push(link);
  }
  return links;
}

export function linksByRelation(links: readonly Link[]): Links {
  const byRelation = Object.create(null) as Record<string, Link>;
  for (const link of links) {
    for (const relation of link.relations) byRelation[relation] ??= link;
  }
  return byRelation;
}

function makeLink(target: string, all: ReadonlyMap<string, string>, base: string): Link | undefined {
  const anchor = all.get('anchor');
  // RFC 8288 §3.2: with an anchor it is a link of something else.
  if (anchor !== undefined && parseUrl(anchor, base)?.href !== base) return undefined;
  const url = parseUrl(target.trim(), base)?.href;
  if (url === undefined) return undefined;
  const relations = (all.get('rel') ?? '')
    .toLowerCase()
    .split(/[ \t]+/)
    .filter((relation) => relation !== '');
  const params = Object.fromEntries([...all].filter(([name]) => name !== 'rel' && name !== 'anchor'));
  return { url, relations, params };
}

/** Up to the comma before the next link. */
function linkParameters(text: LinkScanner): Map<string, string> {
  const params = new Map<string, string>();
  for (;;) {
    text.skipSpaces();
    if (!text.take(';')) return params;
    text.skipSpaces();
    const name = text.word('=;,').trim().toLowerCase();
    let value = '';
    if (text.take('=')) {
      text.skipSpaces();
      value = text.take('"') ? text.quoted() : text.word(';,').trim();
    }
    if (name !== '' && !params.has(name)) params.set(name, value);
  }
}

/** Reads a text once, from its beginning to its end. */
class LinkScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skipPast(character: string): boolean {
    const found = this.#text.indexOf(character, this.#at);
    if (found === -1) return false;
    this.#at = found + 1;
    return true;
  }

  skipSpaces(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at += 1;
  }

  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  /** `undefined` when it does not come any more. */
  until(character: string): string | undefined {
    const start = this.#at;
    return this.skipPast(character) ? this.#text.slice(start, this.#at - 1) : undefined;
  }

  /** What there is before one of these characters. */
  word(ends: string): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !ends.includes(this.#text[this.#at]!)) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  /** RFC 9110 §5.6.4, behind its first quotation mark. */
  quoted(): string {
    let value = '';
    while (this.#at < this.#text.length && !this.take('"')) {
      this.take('\\');
      value += this.#text[this.#at] ?? '';
      this.#at += 1;
    }
    return value;
  }
}
