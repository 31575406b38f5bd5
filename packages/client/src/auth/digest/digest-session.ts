import { credentialsHash, digestResponse, sessionHash, userHash, type DigestQuestion } from './digest-algorithm.ts';
import type { DigestChallenge } from './digest-challenge.ts';
import { asOctets, extendedValue, quote } from './quoted.ts';

/** Whose credentials they are, and where our nonces come from. */
export interface DigestIdentity {
  readonly user: string;
  readonly password: string;
  readonly makeNonce: () => string;
}

/** RFC 7616 §3.4: eight hexadecimal digits. */
const mostRequests = 0xffff_ffff;
const ascii = /^[\x20-\x7e]*$/;

/**
 * One challenge and everything that is sent in answer to it. Each answer counts one up, so a server can tell a repetition from
 * a new request, and need not challenge each of them.
 */
export class DigestSession {
  readonly challenge: DigestChallenge;
  readonly #identity: DigestIdentity;
  readonly #credentials: string;
  /** H(A1) of a `-sess` algorithm, and the nonce of ours that it was made with, which stays for the whole session. */
  #session: { readonly a1: string; readonly cnonce: string } | undefined = undefined;
  #nonce: string;
  #count = 0;

  constructor(challenge: DigestChallenge, identity: DigestIdentity) {
    this.challenge = challenge;
    this.#identity = identity;
    this.#nonce = challenge.nonce;
    this.#credentials = credentialsHash(challenge.algorithm, identity.user, challenge.realm, identity.password);
  }

  /** Is it what this challenge begins, or goes on with? */
  isOf({ realm, nonce, algorithm }: DigestChallenge): boolean {
    return this.#nonce === nonce && this.challenge.realm === realm && this.challenge.algorithm === algorithm;
  }

  /** Has it counted as far as eight digits go? */
  get isSpent(): boolean {
    return this.#count >= mostRequests;
  }

  /** Does an answer depend on the body? */
  get needsContent(): boolean {
    return this.challenge.quality === 'auth-int';
  }

  /** What follows `Authorization:`, for this request and no other. */
  authorization(question: DigestQuestion): string {
    const { algorithm, namesAlgorithm, opaque, quality, realm, userhash } = this.challenge;
    const session = algorithm.isSession ? (this.#session ??= this.#beginSession()) : undefined;
    const cnonce = session?.cnonce ?? (quality === undefined ? undefined : this.#identity.makeNonce());
    const count = (++this.#count).toString(16).padStart(8, '0');
    const freshness = {
      nonce: this.#nonce,
      quality: quality === undefined ? undefined : { name: quality, count, cnonce: cnonce! },
    };
    const response = digestResponse(algorithm, session?.a1 ?? this.#credentials, question, freshness);

    const parameters = [
      this.#shownUser(),
      `realm=${quote(realm)}`,
      `nonce=${quote(this.#nonce)}`,
      `uri=${quote(question.target)}`,
      `response="${response}"`,
    ];
    // Without quotes, as RFC 7616 §3.4 has them; servers that compare them literally exist.
    if (namesAlgorithm) parameters.push(`algorithm=${algorithm.name}`);
    if (quality !== undefined) parameters.push(`qop=${quality}`, `nc=${count}`);
    if (cnonce !== undefined) parameters.push(`cnonce=${quote(cnonce)}`);
    if (opaque !== undefined) parameters.push(`opaque=${quote(opaque)}`);
    if (userhash) parameters.push('userhash=true');
    return `Digest ${parameters.join(', ')}`;
  }

  /** The server has said which nonce it wants next (RFC 7616 §3.5). Counting begins anew with it. */
  renew(nonce: string): void {
    if (nonce === this.#nonce) return;
    this.#nonce = nonce;
    this.#count = 0;
  }

  #beginSession(): { readonly a1: string; readonly cnonce: string } {
    const cnonce = this.#identity.makeNonce();
    return { a1: sessionHash(this.challenge.algorithm, this.#credentials, this.#nonce, cnonce), cnonce };
  }

  #shownUser(): string {
    const { algorithm, realm, userhash, utf8 } = this.challenge;
    const { user } = this.#identity;
    if (userhash) return `username="${userHash(algorithm, user, realm)}"`;
    // A server that has not spoken of UTF-8 may not know `username*`; its octets in quotes are what browsers send it.
    return utf8 && !ascii.test(user) ? `username*=${extendedValue(user)}` : `username=${quote(asOctets(user))}`;
  }
}
