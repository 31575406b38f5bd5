/**
 * The server's side of Digest (RFC 7616), written apart from any client: it checks the answer, that each nonce is its own and
 * counted up one by one, and that the target signed is the one asked for. Origin or proxy is its user's business.
 */
import { createHash, randomBytes } from 'node:crypto';

export interface DigestTerms {
  readonly user: string;
  readonly password: string;
  /** Default `testbed`. */
  readonly realm?: string;
  /** One challenge for each, in this order. Default `['SHA-256', 'MD5']`. */
  readonly algorithms?: readonly string[];
  /** Default `auth`; `null` is a server of RFC 2069, which knows none. */
  readonly qop?: string | null;
  /** How many requests a nonce is good for; the next one is stale. Default any number. */
  readonly uses?: number;
  /** Wants the hash of the user instead of the name. Default false. */
  readonly userhash?: boolean;
  /** Default none: the whole server. */
  readonly domain?: string;
}

/** What the server has done so far. */
export interface DigestCounts {
  challenged: number;
  admitted: number;
  /** Answers with a count that was not one more than the last. */
  replayed: number;
}

export interface SignedRequest {
  /** The value of (Proxy-)Authorization. */
  readonly credentials: string | undefined;
  readonly method: string;
  /** What the client may have signed as `uri`. */
  readonly targets: readonly string[];
  readonly body?: Buffer;
}

export type DigestVerdict =
  | { readonly admitted: true; readonly answer: ReadonlyMap<string, string> }
  | { readonly admitted: false; readonly challenges: string[] };

interface Nonce {
  last: number;
}

const HASHES: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' };
const NO_BODY: Buffer = Buffer.alloc(0);

export class DigestVerifier {
  readonly counts: DigestCounts = { challenged: 0, admitted: 0, replayed: 0 };
  readonly #terms: Required<Omit<DigestTerms, 'domain'>> & Pick<DigestTerms, 'domain'>;
  readonly #nonces = new Map<string, Nonce>();
  readonly #opaque: string = randomBytes(8).toString('base64');

  constructor(terms: DigestTerms) {
    this.#terms = { realm: 'testbed', algorithms: ['SHA-256', 'MD5'], qop: 'auth', uses: Infinity, userhash: false, ...terms };
  }

  verify(request: SignedRequest): DigestVerdict {
    const answer = readAnswer(request.credentials ?? '');
    const nonce = this.#nonces.get(answer.get('nonce') ?? '');
    if (answer.size === 0 || nonce === undefined || !this.#isRight(answer, request)) return this.#challenge(false);
    if (this.#terms.qop !== null) {
      const count = Number.parseInt(answer.get('nc') ?? '', 16);
      if (count !== nonce.last + 1) {
        this.counts.replayed++;
        return this.#challenge(false);
      }
      nonce.last = count;
    }
    if (nonce.last > this.#terms.uses) return this.#challenge(true);
    this.counts.admitted++;
    return { admitted: true, answer };
  }

  /** A fresh nonce, as in `nextnonce`. */
  issue(): string {
    const nonce = randomBytes(12).toString('base64');
    this.#nonces.set(nonce, { last: 0 });
    return nonce;
  }

  #challenge(stale: boolean): DigestVerdict {
    this.counts.challenged++;
    const { realm, algorithms, qop, userhash, domain } = this.#terms;
    const challenges = algorithms.map((algorithm) => {
      const rest = [
        qop === null ? '' : `, qop="${qop}"`,
        stale ? ', stale=true' : '',
        userhash ? ', userhash=true' : '',
        domain === undefined ? '' : `, domain="${domain}"`,
      ];
      return `Digest realm="${realm}", nonce="${this.issue()}", opaque="${this.#opaque}", algorithm=${algorithm}, charset=UTF-8${rest.join('')}`;
    });
    return { admitted: false, challenges };
  }

  #isRight(answer: ReadonlyMap<string, string>, { method, targets, body = NO_BODY }: SignedRequest): boolean {
    const { user, password, realm, algorithms, qop, userhash } = this.#terms;
    const algorithm = answer.get('algorithm') ?? 'MD5';
    const name = HASHES[algorithm.replace(/-sess$/u, '')];
    if (name === undefined || !algorithms.includes(algorithm)) return false;
    const hash = (data: string | Buffer): string => createHash(name).update(data).digest('hex');
    const value = (parameter: string): string => answer.get(parameter) ?? '';
    if (!targets.includes(value('uri')) || value('realm') !== realm || value('opaque') !== this.#opaque) return false;
    const named = answer.get('username*') ?? value('username');
    if (named !== (userhash ? hash(`${user}:${realm}`) : user)) return false;

    const secret = hash(`${user}:${realm}:${password}`);
    const a1 = algorithm.endsWith('-sess') ? hash(`${secret}:${value('nonce')}:${value('cnonce')}`) : secret;
    const integrity = value('qop') === 'auth-int' ? `:${hash(body)}` : '';
    const a2 = hash(`${method}:${value('uri')}${integrity}`);
    const freshness = qop === null ? value('nonce') : [value('nonce'), value('nc'), value('cnonce'), value('qop')].join(':');
    if (qop !== null && !qop.split(/[\s,]+/u).includes(value('qop'))) return false;
    return value('response') === hash(`${a1}:${freshness}:${a2}`);
  }
}

const PARAMETER = /([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gu;

/** The parameters of the credentials, decoded; none when they are not of Digest. */
function readAnswer(field: string): Map<string, string> {
  const parameters = new Map<string, string>();
  if (!field.startsWith('Digest ')) return parameters;
  for (const [, name = '', quoted, bare = ''] of field.matchAll(PARAMETER)) {
    const text = quoted === undefined ? bare : Buffer.from(quoted.replaceAll(/\\(.)/gu, '$1'), 'latin1').toString('utf8');
    parameters.set(name, name.endsWith('*') ? decodeURIComponent(text.replace(/^UTF-8''/u, '')) : text);
  }
  return parameters;
}
