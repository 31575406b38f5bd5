/**
 * Challenges and parameters, as they stand in `WWW-Authenticate`, `Proxy-Authenticate` and `Authentication-Info` (RFC 9110 §11).
 *
 * The grammar is a list of lists: a comma may begin another parameter or another challenge, and which of them only shows after
 * the next word. One pass over the text, no backtracking. What can't be understood takes its own challenge with it and no other.
 *
 * Servers in the field are answered that are slightly off the grammar, as curl, requests and httpx do: a value without quotes may hold
 * what no token may (`nonce=YWJj==`, `domain=/`), a comma may be missing between two parameters, and of a parameter that is there
 * twice the last one counts.
 */

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** What a scheme has instead of parameters, such as `Negotiate`. */
  readonly token68: string | undefined;
  /** By name in lower case; the quotes and their escapes are undone. */
  readonly parameters: ReadonlyMap<string, string>;
}

// A head of 64 KiB could hold ten thousand. Nobody reads them.
const mostChallenges = 64;
const mostParameters = 64;

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
// A value that should have been in quotes.
const bareValue = /[\x21\x23-\x2b\x2d-\x7e\x80-\xff]+/y;
// RFC 9110 §5.6.4; after a backslash comes what the string could hold, quote and backslash included.
const quotedString = /"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"/y;

/** The challenges of all fields of the name, in the order in which the server has them, without those that are malformed. */
export function parseChallenges(fields: readonly string[]): Challenge[] {
  const challenges: Challenge[] = [];
  for (const field of fields) {
    for (const challenge of readField(new FieldScanner(field))) {
      if (challenges.length === mostChallenges) return challenges;
      challenges.push(challenge);
    }
  }
  return challenges;
}

/** A list of parameters; `undefined` when there is anything else in it. */
export function parseAuthParameters(field: string): ReadonlyMap<string, string> | undefined {
  const scanner = new FieldScanner(field);
  const parameters = new Map<string, string>();
  for (scanner.skipListSpace(); !scanner.atEnd; scanner.skipListSpace()) {
    const name = scanner.read(token);
    if (name === undefined || !scanner.skipEquals() || !readParameter(scanner, name, parameters)) return undefined;
  }
  return parameters;
}

function* readField(scanner: FieldScanner): IterableIterator<Challenge> {
  let scheme: string | undefined;
  let opaque: string | undefined;
  let parameters = new Map<string, string>();
  let isSound = true;

  for (scanner.skipListSpace(); !scanner.atEnd; scanner.skipListSpace()) {
    const word = scanner.read(token);
    if (word === undefined) {
      isSound = false;
      scanner.skipElement();
      continue;
    }
    if (scanner.skipEquals()) {
      // A parameter; without a challenge to belong to, or beside a token68, it is a mistake.
      if (!readParameter(scanner, word, parameters) || opaque !== undefined) isSound = false;
      continue;
    }
    if (scheme !== undefined && isSound) yield { scheme, token68: opaque, parameters };
    scheme = word.toLowerCase();
    parameters = new Map();
    opaque = undefined;
    isSound = scanner.atElementEnd || scanner.skipSpace();
    if (scanner.atElementEnd) continue;
    opaque = scanner.read(token68);
    // Else a parameter has to follow before the comma.
    if (opaque === undefined) {
      const name = scanner.read(token);
      if (name === undefined || !scanner.skipEquals() || !readParameter(scanner, name, parameters)) isSound = false;
      if (!isSound) scanner.skipElement();
    }
  }
  if (scheme !== undefined && isSound) yield { scheme, token68: opaque, parameters };
}

/** The value behind the equals sign; it may be empty. Behind it comes a comma, the end, or another parameter. */
function readParameter(scanner: FieldScanner, name: string, parameters: Map<string, string>): boolean {
  const value = scanner.atElementEnd ? '' : (scanner.readQuoted() ?? scanner.read(bareValue));
  const key = name.toLowerCase();
  const isSound =
    value !== undefined && (scanner.atElementEnd || scanner.atParameter) && (parameters.has(key) || parameters.size < mostParameters);
  if (isSound) parameters.set(key, value);
  else scanner.skipElement();
  return isSound;
}

class FieldScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Is there nothing left of this list element but space? */
  get atElementEnd(): boolean {
    let at = this.#at;
    while (isSpace(this.#text.charCodeAt(at))) at++;
    return at >= this.#text.length || this.#text[at] === ',';
  }

  /** Does a name with an equals sign follow, with or without space before it? */
  get atParameter(): boolean {
    const from = this.#at;
    this.skipSpace();
    const follows = this.read(token) !== undefined && this.skipEquals();
    this.#at = from;
    return follows;
  }

  /** What the sticky pattern finds here. */
  read(pattern: RegExp): string | undefined {
    return this.#match(pattern)?.[0];
  }

  readQuoted(): string | undefined {
    return this.#match(quotedString)?.[1]?.replaceAll(/\\(.)/gs, '$1');
  }

  /** Was there any? */
  skipSpace(): boolean {
    const from = this.#at;
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
    return this.#at > from;
  }

  /** Space, commas, and the empty elements between them (RFC 9110 §5.6.1). */
  skipListSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at)) || this.#text[this.#at] === ',') this.#at++;
  }

  /** An equals sign with bad whitespace around it; stays in place when there is none. */
  skipEquals(): boolean {
    const from = this.#at;
    this.skipSpace();
    if (this.#text[this.#at] !== '=') {
      this.#at = from;
      return false;
    }
    this.#at++;
    this.skipSpace();
    return true;
  }

  /** To the comma that ends this element: one in quotes does not, and quotes that nobody closes reach to the end. */
  skipElement(): void {
    let isQuoted = false;
    for (; !this.atEnd; this.#at++) {
      const character = this.#text[this.#at];
      if (character === '"') isQuoted = !isQuoted;
      else if (character === '\\' && isQuoted) this.#at++;
      else if (character === ',' && !isQuoted) return;
    }
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
