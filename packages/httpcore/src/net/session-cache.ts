export interface ResumableSession {
  readonly session: Buffer;
  /** Of the handshake that made it: a resumed connection is not shown the certificate again. */
  readonly certificateNames: readonly string[];
}

/** TLS sessions to resume (RFC 8446 §2.2), the newest of each peer; the peers not dialled for longest are forgotten first. */
export class SessionCache {
  readonly #limit: number;
  // In the order of last use.
  readonly #sessions = new Map<string, ResumableSession>();

  constructor(limit = 100) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * The session stays in the cache: connections that are opened together can all resume it. (RFC 8446 §C.4 advises against
   * it for clients that must not be linkable; the connections of a pool are linked by their address and requests anyway.)
   */
  get(peer: string): ResumableSession | undefined {
    const session = this.#sessions.get(peer);
    if (session !== undefined) this.#touch(peer, session);
    return session;
  }

  set(peer: string, session: ResumableSession): void {
    this.#touch(peer, session);
    if (this.#sessions.size <= this.#limit) return;
    const oldest = this.#sessions.keys().next();
    if (oldest.done !== true) this.#sessions.delete(oldest.value);
  }

  delete(peer: string): void {
    this.#sessions.delete(peer);
  }

  #touch(peer: string, session: ResumableSession): void {
    this.#sessions.delete(peer);
    this.#sessions.set(peer, session);
  }
}
