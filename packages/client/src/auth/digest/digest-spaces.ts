/** The sessions of one user by where they count: a server has one or more protection spaces (RFC 7616 §3.3, `domain`). */
import { parseUrl } from '../../request/url/url.ts';
import { parseAuthParameters } from '../challenge.ts';
import { chooseChallenge, type DigestPreferences } from './digest-challenge.ts';
import { DigestSession, type DigestIdentity } from './digest-session.ts';

// Bounds for programs that talk to ever new servers, and for servers with ever new realms.
const mostServers = 256;
const mostSpaces = 8;

interface Space {
  readonly session: DigestSession;
  /** Beginnings of request targets; `''` is the whole server. */
  readonly prefixes: readonly string[];
}

export class DigestSpaces {
  readonly #identity: DigestIdentity;
  readonly #preferences: DigestPreferences;
  /** By origin, or one for a proxy; the latest challenge of a server is its first space. */
  readonly #servers = new Map<string, readonly Space[]>();

  constructor(identity: DigestIdentity, preferences: DigestPreferences) {
    this.#identity = identity;
    this.#preferences = preferences;
  }

  /** The session with which a request can be answered for before the server asks. */
  find(server: string, target: string): DigestSession | undefined {
    let found: DigestSession | undefined;
    let longest = -1;
    for (const { session, prefixes } of this.#servers.get(server) ?? []) {
      for (const prefix of prefixes) {
        if (target.startsWith(prefix) && prefix.length > longest && !session.isSpent) {
          found = session;
          longest = prefix.length;
        }
      }
    }
    return found;
  }

  /**
   * The session that answers the challenges of a response, and whether they call the last nonce stale, not the credentials
   * wrong; `undefined` when there is none among them that can be answered.
   */
  challenged(server: string, fields: readonly string[]): { readonly session: DigestSession; readonly stale: boolean } | undefined {
    const challenge = chooseChallenge(fields, this.#preferences);
    if (challenge === undefined) return undefined;
    const spaces = this.#servers.get(server) ?? [];
    const same = spaces.find(({ session }) => session.challenge.realm === challenge.realm);
    // A nonce that comes a second time has been counted with already.
    if (same?.session.nonce === challenge.nonce && same.session.challenge.algorithm === challenge.algorithm && !same.session.isSpent) {
      return { session: same.session, stale: challenge.stale };
    }
    const session = new DigestSession(challenge, this.#identity);
    const space: Space = { session, prefixes: prefixesOf(challenge.domain, server) };
    const others = spaces.filter((other) => other !== same);
    this.#remember(server, [space, ...others].slice(0, mostSpaces));
    return { session, stale: challenge.stale };
  }

  /** `Authentication-Info` of a response to an answer of this session. */
  informed(session: DigestSession, fields: readonly string[]): void {
    for (const field of fields) {
      const nonce = parseAuthParameters(field)?.get('nextnonce');
      if (nonce !== undefined && nonce !== '') session.renew(nonce);
    }
  }

  /** The server did not take it. */
  forget(server: string, session: DigestSession): void {
    const left = (this.#servers.get(server) ?? []).filter((space) => space.session !== session);
    if (left.length === 0) this.#servers.delete(server);
    else this.#servers.set(server, left);
  }

  #remember(server: string, spaces: readonly Space[]): void {
    this.#servers.delete(server);
    this.#servers.set(server, spaces);
    const oldest = this.#servers.keys().next();
    if (this.#servers.size > mostServers && oldest.done !== true) this.#servers.delete(oldest.value);
  }
}

/** What is protected on other servers is not for this one to say. A proxy has no spaces (RFC 7616 §3.3). */
function prefixesOf(domain: readonly string[], server: string): string[] {
  if (domain.length === 0 || parseUrl(server) === undefined) return [''];
  return domain.flatMap((uri) => {
    const url = parseUrl(uri, server);
    return url?.origin === server ? [url.pathname + url.search] : [];
  });
}
