import { randomBytes } from 'node:crypto';

import type { PromptAuthenticator } from '../prompt-authenticator.ts';

import { InvalidOption } from '../../errors.ts';
import { findHeader } from '../../request/fields/header-input.ts';
import type { Request } from '../../request/request.ts';
import { showAsJson } from '../../shown-as-json.ts';
import { ownOptions, type OptionNames } from '../../options/own-options.ts';
import { fieldValues } from '../auth-fields.ts';
import type { AsyncAuthFlow, AuthExchange } from '../auth.ts';
import { checkPassword, checkUser } from '../basic.ts';
import { contentHash, type DigestAlgorithmName } from './digest-algorithm.ts';
import type { DigestQuality } from './digest-challenge.ts';
import type { DigestSession } from './digest-session.ts';
import { DigestSpaces } from './digest-spaces.ts';
import { DigestToProxy } from './digest-to-proxy.ts';

/** What `DigestAuth` may be told beside user and password. */
export interface DigestAuthOptions {
  /** What may be answered; a challenge with another one is passed over. Default all: MD5, SHA-256, SHA-512-256, and each with `-sess`. */
  readonly algorithms?: readonly DigestAlgorithmName[] | undefined;
  /**
   * The quality of protection to take when the server offers both: `auth`, the default, or `auth-int`, which covers the body as
   * well. Then a body is read twice, and one that can be read once is held in memory.
   */
  readonly qop?: DigestQuality | undefined;
}

const optionNames: OptionNames<DigestAuthOptions> = Object.freeze({ algorithms: undefined, qop: undefined });

/**
 * User and password, of which only a hash travels (RFC 7616, and RFC 2069 for servers that know no better).
 *
 * The server has to ask first, so the first request is answered with 401 and sent again; a body that can be read once stands
 * in the way of that. From then on each request carries its own answer, until the server wants another nonce. Keep one
 * `DigestAuth`, and share it: it is what remembers.
 *
 * @example
 * const client = new Client({ baseUrl: 'https://camera.local', auth: new DigestAuth('admin', password) });
 */
export class DigestAuth {
  static {
    showAsJson(this.prototype, 'DigestAuth');
  }

  readonly #spaces: DigestSpaces;
  readonly #forProxy: () => PromptAuthenticator;

  /** @throws {InvalidOption} the user holds a colon, one of them a control character, or an option is not usable. */
  constructor(user: string, password: string, options: DigestAuthOptions = {}) {
    checkUser(user, 'auth');
    checkPassword(password, 'auth');
    const { algorithms, qop = 'auth' } = ownOptions<DigestAuthOptions>(options, optionNames, 'auth');
    if (qop !== 'auth' && qop !== 'auth-int') throw new InvalidOption('auth.qop', 'must be "auth" or "auth-int"');
    if (algorithms !== undefined && !Array.isArray(algorithms)) throw new InvalidOption('auth.algorithms', 'must be an array of names');
    this.#spaces = new DigestSpaces({ user, password, makeNonce }, { algorithms, quality: qop });
    // Spaces of its own: what a proxy asks for is no business of an origin's.
    let toProxy: DigestToProxy | undefined;
    this.#forProxy = () => (toProxy ??= new DigestToProxy(new DigestSpaces({ user, password, makeNonce }, { algorithms, quality: qop })));
  }

  /** @internal The same, for a proxy. */
  forProxy(): PromptAuthenticator {
    return this.#forProxy();
  }

  async *authFlow(request: Request, { fields }: AuthExchange): AsyncAuthFlow {
    const server = fields.server(request);
    let session = this.#spaces.find(server, fields.target(request));
    let current = request;
    for (let answered = 0; ; answered++) {
      if (session?.needsContent === true) current = await withContent(current);
      const response = yield session === undefined ? current : await authorize(current, session, fields);
      if (session !== undefined) this.#spaces.informed(session, fieldValues(response.rawHeaders, fields.information));
      if (response.status !== fields.status) {
        if (session !== undefined) this.#spaces.accepted(server, session);
        return;
      }

      const next = this.#spaces.challenged(server, fieldValues(response.rawHeaders, fields.challenge));
      // The answer to a challenge of this very call is refused: the credentials are wrong, unless the nonce was too old, once.
      if (next === undefined || answered === mostAnswers || (answered > 0 && !next.stale)) {
        for (const refused of [session, next?.session]) if (refused !== undefined) this.#spaces.refused(server, refused);
        return;
      }
      session = next.session;
    }
  }

  /** For logs: without the credentials. */
  toJSON(): Record<string, unknown> {
    return { scheme: 'Digest' };
  }
}

const mostAnswers = 2;

async function authorize(request: Request, session: DigestSession, fields: AuthExchange['fields']): Promise<Request> {
  const { algorithm } = session.challenge;
  const hashed = session.needsContent ? await contentHash(algorithm, request.body?.open() ?? []) : undefined;
  const question = { method: request.method, target: fields.target(request), contentHash: hashed };
  return request.with({ headers: { [fields.credentials]: session.authorization(question) } });
}

/** With its body whole, where it could be read once only; what it is stays said. */
async function withContent(request: Request): Promise<Request> {
  if (request.body === null || request.body.replayable) return request;
  const contentType = findHeader(request.rawHeaders, 'content-type');
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.body.open()) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return request.with({ body, headers: contentType === undefined ? {} : { 'content-type': contentType } });
}

function makeNonce(): string {
  return randomBytes(16).toString('hex');
}
