import { createHash } from 'node:crypto';

import type { HeaderPair, ProxiedRequest, ProxyChallenge } from '@x/httpcore';

import type { PromptAuthenticator } from '../prompt-authenticator.ts';

import { fieldValues, proxyFields } from '../auth-fields.ts';
import type { DigestSession } from './digest-session.ts';
import type { DigestSpaces } from './digest-spaces.ts';

/** Methods whose requests have no content as a rule: what `auth-int` signs of them is known. */
const withoutContent = new Set(['CONNECT', 'GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Digest, once the proxy has asked, and from then on with every request. */
export class DigestToProxy implements PromptAuthenticator {
  readonly #spaces: DigestSpaces;
  /** What each request has answered with last, or is to answer its challenge with. */
  readonly #sessions = new WeakMap<ProxiedRequest, DigestSession>();

  constructor(spaces: DigestSpaces) {
    this.#spaces = spaces;
  }

  authorize(request: ProxiedRequest): string | undefined {
    const { proxy, method, target } = request;
    const session = this.#sessions.get(request) ?? this.#spaces.find(spaceOf(proxy), '');
    if (session === undefined || !canSign(session, method)) return undefined;
    this.#sessions.set(request, session);
    return session.authorization({ method, target, contentHash: session.needsContent ? hashOfNothing(session) : undefined });
  }

  challenged(request: ProxiedRequest, { headers, refused, attempt }: ProxyChallenge): boolean {
    const { proxy, method } = request;
    const next = this.#spaces.challenged(spaceOf(proxy), fieldValues(headers, proxyFields.challenge));
    if (next === undefined || !canSign(next.session, method)) return false;
    // The answer to a challenge of this very request is refused: the credentials are wrong, unless the nonce was too old.
    const isRefused = attempt > 0 && refused?.startsWith('Digest ') === true && !next.stale;
    if (isRefused) this.#spaces.refused(spaceOf(proxy), next.session);
    else this.#sessions.set(request, next.session);
    return !isRefused;
  }

  accepted(request: ProxiedRequest, headers: readonly HeaderPair[]): void {
    const session = this.#sessions.get(request);
    if (session === undefined) return;
    this.#spaces.accepted(spaceOf(request.proxy), session);
    this.#spaces.informed(session, fieldValues(headers, proxyFields.information));
  }
}

/** A proxy is one space, whatever `domain` its challenge has (RFC 7616 §3.3): no URL, so that none is found in it. */
function spaceOf(proxy: string): string {
  return `proxy ${proxy}`;
}

function canSign(session: DigestSession, method: string): boolean {
  return !session.needsContent || withoutContent.has(method);
}

function hashOfNothing({ challenge }: DigestSession): string {
  return createHash(challenge.algorithm.hash).digest('hex');
}
