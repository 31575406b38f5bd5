/** The sessions of one user by where they count: a server has one or more protection spaces (RFC 7616 §3.3, `domain`). */
import { parseUrl } from '../../request/url/url.ts';
import { parseAuthParameters } from '../challenge.ts';
import { chooseChallenge, type DigestPreferences } from './digest-challenge.ts';
import { DigestSession, type DigestIdentity } from './digest-session.ts';

// Bounds for programs that talk to ever new servers, and for servers with ever new realms or that never take an answer.
const mostServers = 256;
const mostSpaces = 8;
const mostUnproven = 64;

interface Space {
  readonly session: DigestSession;
  /** Beginnings of request targets; `''` is the whole server. */
  readonly prefixes: readonly string[];
}

interface Server {
  /** The latest that proved itself is the first. */
  spaces: readonly Space[];
  /** Of challenges whose answers have not been taken yet. */
  unproven: readonly DigestSession[];
}

/**
 * A nonce belongs to the request that was challenged with it until its answer has been taken, and to everybody from then on. Of
 * many requests that are challenged together, each answers for itself: none uses up the nonce of another that has few uses, and
 * none with a count of two overtakes the one with a count of one.
 */
export class DigestSpaces {
  readonly #identity: DigestIdentity;
  readonly #preferences: DigestPreferences;
  /** By origin, or by proxy. */
  readonly #servers = new Map<string, Server>();

  constructor(identity: DigestIdentity, preferences: DigestPreferences) {
    this.#identity = identity;
    this.#preferences = preferences;
  }

  /** The session with which a request can be answered for before the server asks. */
  find(server: string, target: string): DigestSession | undefined {
    let found: DigestSession | undefined;
    let longest = -1;
    for (const { session, prefixes } of this.#servers.get(server)?.spaces ?? []) {
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
   * wrong; `undefined` when there is none among them that can be answered. It is nobody else's before it is {@link accepted}.
   */
  challenged(name: string, fields: readonly string[]): { readonly session: DigestSession; readonly stale: boolean } | undefined {
    const challenge = chooseChallenge(fields, this.#preferences);
    if (challenge === undefined) return undefined;
    const server = this.#remember(name);
    // A nonce that comes a second time has been counted with already.
    const counting = [...server.spaces.map(({ session }) => session), ...server.unproven].find(
      (session) => !session.isSpent && session.isOf(challenge),
    );
    if (counting !== undefined) return { session: counting, stale: challenge.stale };
    const session = new DigestSession(challenge, this.#identity);
    server.unproven = [session, ...server.unproven].slice(0, mostUnproven);
    return { session, stale: challenge.stale };
  }

  /** The server took an answer of this session. */
  accepted(name: string, session: DigestSession): void {
    const server = this.#servers.get(name);
    // One that is not among them has had its day: others take its place, and keep it.
    if (server?.unproven.includes(session) !== true) return;
    server.unproven = server.unproven.filter((other) => other !== session);
    const { realm, domain } = session.challenge;
    const others = server.spaces.filter((other) => other.session.challenge.realm !== realm);
    server.spaces = [{ session, prefixes: prefixesOf(domain, name) }, ...others].slice(0, mostSpaces);
  }

  /** `Authentication-Info` of a response to an answer of this session. */
  informed(session: DigestSession, fields: readonly string[]): void {
    for (const field of fields) {
      const nonce = parseAuthParameters(field)?.get('nextnonce');
      if (nonce !== undefined && nonce !== '') session.renew(nonce);
    }
  }

  /** The server takes no answer of this user: neither this one nor those before it. */
  refused(name: string, session: DigestSession): void {
    const server = this.#servers.get(name);
    if (server === undefined) return;
    server.spaces = server.spaces.filter((space) => space.session.challenge.realm !== session.challenge.realm);
    server.unproven = server.unproven.filter((other) => other !== session);
    if (server.spaces.length === 0 && server.unproven.length === 0) this.#servers.delete(name);
  }

  #remember(name: string): Server {
    const server: Server = this.#servers.get(name) ?? { spaces: [], unproven: [] };
    this.#servers.delete(name);
    this.#servers.set(name, server);
    const oldest = this.#servers.keys().next();
    if (this.#servers.size > mostServers && oldest.done !== true) this.#servers.delete(oldest.value);
    return server;
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
