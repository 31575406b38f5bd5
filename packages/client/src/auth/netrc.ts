/**
 * `.netrc`: who one is on which machine. Words with space between them; a word in double quotes may hold space and escapes.
 *
 *   machine NAME login USER password SECRET [account NAME]     default login … (whatever the machine; the last entry)
 *   macdef NAME                                                a macro of ftp, up to a blank line: passed over
 *   # …                                                        a comment, where a keyword could stand
 *
 * There is no standard. This reads what GNU inetutils, curl and Python read, and never fails: a word that it does not know is
 * passed over.
 */

export interface NetrcEntry {
  readonly login: string;
  readonly password: string;
  readonly account: string | undefined;
}

export class Netrc {
  readonly #machines: ReadonlyMap<string, readonly NetrcEntry[]>;
  readonly #fallbacks: readonly NetrcEntry[];

  constructor(machines: ReadonlyMap<string, readonly NetrcEntry[]>, fallbacks: readonly NetrcEntry[]) {
    this.#machines = machines;
    this.#fallbacks = fallbacks;
  }

  /** The first entry for the host, without regard to case; else the default one. With a user, only those of this user count. */
  find(host: string, user?: string): NetrcEntry | undefined {
    const own = this.#machines.get(host.toLowerCase().replace(/^\[(.*)\]$/, '$1')) ?? [];
    return [...own, ...this.#fallbacks].find(({ login }) => user === undefined || login === user);
  }
}

interface Draft {
  /** `undefined` for `default`. */
  readonly machine: string | undefined;
  readonly values: Map<string, string>;
}

const keywords = new Set(['login', 'password', 'account']);

export function parseNetrc(text: string): Netrc {
  const machines = new Map<string, NetrcEntry[]>();
  const fallbacks: NetrcEntry[] = [];
  const finish = (draft: Draft | undefined): void => {
    if (draft === undefined) return;
    const { machine, values } = draft;
    const entry = { login: values.get('login') ?? '', password: values.get('password') ?? '', account: values.get('account') };
    const others = machine === undefined ? fallbacks : (machines.get(machine) ?? []);
    others.push(entry);
    if (machine !== undefined) machines.set(machine, others);
  };

  const words = new Words(text.replace(/^\ufeff/, ''));
  let draft: Draft | undefined;
  for (let word = words.keyword(); word !== undefined; word = words.keyword()) {
    if (word === 'machine' || word === 'default') {
      finish(draft);
      const machine = word === 'default' ? undefined : words.value();
      draft = word === 'machine' && machine === undefined ? undefined : { machine: machine?.toLowerCase(), values: new Map() };
    } else if (word === 'macdef') {
      words.skipMacro();
    } else if (keywords.has(word)) {
      const value = words.value();
      if (value !== undefined) draft?.values.set(word, value);
    }
  }
  finish(draft);
  return new Netrc(machines, fallbacks);
}

const escapes: Readonly<Record<string, string>> = Object.freeze({ n: '\n', r: '\r', t: '\t' });

class Words {
  readonly #text: string;
  readonly #plain: RegExp = /[^\s"]\S*/y;
  // To the closing quote, or to the end of the line where there is none.
  readonly #quoted: RegExp = /"((?:[^"\\\n]|\\.)*)"?/y;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next word where a keyword could stand; comments are passed over. */
  keyword(): string | undefined {
    for (;;) {
      const word = this.value();
      if (word?.startsWith('#') !== true) return word?.toLowerCase();
      this.#skipTo(/\n|$/g);
    }
  }

  value(): string | undefined {
    this.#skipTo(/\S|$/g);
    const quoted = this.#match(this.#quoted);
    if (quoted !== undefined) return quoted[1]!.replaceAll(/\\(.)/g, (_, escaped: string) => escapes[escaped] ?? escaped);
    return this.#match(this.#plain)?.[0];
  }

  skipMacro(): void {
    this.#skipTo(/\n[ \t\r]*(?:\n|$)|$/g);
  }

  #skipTo(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    this.#at = pattern.exec(this.#text)?.index ?? this.#text.length;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }
}
