import { RecentMap } from '../model/recent-map.ts';
import type { PeerChain } from './peer-chain.ts';

export interface ResumableSession {
  readonly session: Buffer;
  /** Of the handshake that made it: a resumed connection is not shown the certificate again. */
  readonly chain: PeerChain;
}

/**
 * TLS sessions to resume (RFC 8446 §2.2), the newest of each peer.
 *
 * A session that was asked for stays: connections that are opened together can all resume it. (RFC 8446 §C.4 advises against
 * it for clients that must not be linkable; the connections of a pool are linked by their address and requests anyway.)
 */
export class SessionCache extends RecentMap<ResumableSession> {
  constructor(limit = 100) {
    super(limit);
  }
}
