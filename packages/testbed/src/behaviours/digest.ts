import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Behaviour } from '../server/http-server.ts';
import { answerJson } from './answers.ts';
import { readBody } from './request-body.ts';

export interface DigestOptions {
  /** Default `ada`. */
  readonly user?: string;
  /** Default `lovelace`. */
  readonly password?: string;
  /** Default `testbed`. */
  readonly realm?: string;
  /** One challenge for each, in this order. Default `['SHA-256', 'MD5']`. */
  readonly algorithms?: readonly string[];
  /** Default `auth`; `null` is a server of RFC 2069, which knows none. */
  readonly qop?: string | null;
  /** How many requests a nonce is good for; the next one is stale. Default any number. */
  readonly uses?: number;
  /** Tells with each answer which nonce it wants next. Default false. */
  readonly rotate?: boolean;
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

interface Nonce {
  last: number;
}

const HASHES: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' };

/**
 * A site behind Digest (RFC 7616), written apart from any client: it checks the answer, that each nonce is its own and counted
 * up one by one, and that the target signed is the one asked for. Answers with `{ user, algorithm, qop, nc, body }` as JSON.
 */
export function digest(options: DigestOptions = {}): Behaviour<{ readonly digest: DigestCounts }> {
  const { user = 'ada', password = 'lovelace', realm = 'testbed', algorithms = ['SHA-256', 'MD5'], uses = Infinity } = options;
  const { rotate = false, userhash = false, domain } = options;
  const qop = options.qop === undefined ? 'auth' : options.qop;
  const nonces = new Map<string, Nonce>();
  const opaque = randomBytes(8).toString('base64');
  const counts: DigestCounts = { challenged: 0, admitted: 0, replayed: 0 };
  return {
    handle: (request, response) => void serve(request, response),
    extras: { digest: counts },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === undefined) return;
    const answer = readAnswer(request.headers.authorization ?? '');
    const nonce = nonces.get(answer.get('nonce') ?? '');
    if (answer.size === 0 || nonce === undefined || !isRight(answer, request, body)) return challenge(response, false);
    if (qop !== null) {
      const count = Number.parseInt(answer.get('nc') ?? '', 16);
      if (count !== nonce.last + 1) {
        counts.replayed++;
        return challenge(response, false);
      }
      nonce.last = count;
    }
    if (nonce.last > uses) return challenge(response, true);
    counts.admitted++;
    const shown = { user, algorithm: answer.get('algorithm'), qop: answer.get('qop'), nc: answer.get('nc'), body: body.toString() };
    answerJson(response, 200, shown, rotate ? { 'Authentication-Info': `nextnonce="${issue()}"` } : {});
  }

  function challenge(response: ServerResponse, stale: boolean): void {
    counts.challenged++;
    const fields = algorithms.map((algorithm) => {
      const rest = [
        qop === null ? '' : `, qop="${qop}"`,
        stale ? ', stale=true' : '',
        userhash ? ', userhash=true' : '',
        domain === undefined ? '' : `, domain="${domain}"`,
      ];
      return `Digest realm="${realm}", nonce="${issue()}", opaque="${opaque}", algorithm=${algorithm}, charset=UTF-8${rest.join('')}`;
    });
    answerJson(response, 401, { error: 'not admitted' }, { 'WWW-Authenticate': fields });
  }

  function issue(): string {
    const nonce = randomBytes(12).toString('base64');
    nonces.set(nonce, { last: 0 });
    return nonce;
  }

  function isRight(answer: ReadonlyMap<string, string>, request: IncomingMessage, body: Buffer): boolean {
    const algorithm = answer.get('algorithm') ?? 'MD5';
    const name = HASHES[algorithm.replace(/-sess$/u, '')];
    if (name === undefined || !algorithms.includes(algorithm)) return false;
    const hash = (data: string | Buffer): string => createHash(name).update(data).digest('hex');
    const value = (parameter: string): string => answer.get(parameter) ?? '';
    if (value('uri') !== request.url || value('realm') !== realm || value('opaque') !== opaque) return false;
    const named = answer.get('username*') ?? value('username');
    if (named !== (userhash ? hash(`${user}:${realm}`) : user)) return false;

    const secret = hash(`${user}:${realm}:${password}`);
    const a1 = algorithm.endsWith('-sess') ? hash(`${secret}:${value('nonce')}:${value('cnonce')}`) : secret;
    const integrity = value('qop') === 'auth-int' ? `:${hash(body)}` : '';
    const a2 = hash(`${request.method ?? ''}:${value('uri')}${integrity}`);
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
