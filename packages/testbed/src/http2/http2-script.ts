/** A server that speaks HTTP/2 frame by frame, exactly as a script says: for every mistake that a server can make. */
import { startRawServer, type RawServer } from '../raw/raw-server.ts';
import type { ListenOptions } from '../server/local-server.ts';
import { Http2Peer } from './http2-peer.ts';

/** Runs on each connection. After it has returned, the connection stays open until the client ends it. */
export type Http2Script = (peer: Http2Peer, connection: number) => Promise<unknown>;

export interface Http2ScriptOptions extends ListenOptions {
  /** Speaks TLS and agrees on `h2`. Default false. */
  readonly tls?: boolean;
  /** Cuts all that is sent into writes of this many bytes, each given to the system before the next. Default: not at all. */
  readonly pieceBytes?: number;
}

export interface Http2ScriptServer extends RawServer {
  /** One per connection, in the order of `transcripts`. */
  readonly peers: readonly Http2Peer[];
}

/**
 * Starts a server that runs `script` on each connection. What the script threw is in `transcripts[n].error`.
 *
 * @example
 * await using server = await startHttp2Script(async (peer) => {
 *   await peer.handshake();
 *   const { streamId } = await peer.request();
 *   await peer.send(frames.data(streamId, 'before the head'));
 *   expect(await peer.reset(streamId)).toBe('PROTOCOL_ERROR');
 * });
 */
export async function startHttp2Script(script: Http2Script, options: Http2ScriptOptions = {}): Promise<Http2ScriptServer> {
  const { tls = false, pieceBytes, ...listening } = options;
  const peers: Http2Peer[] = [];
  const server = await startRawServer(
    (connection) => [
      async (raw) => {
        const peer = new Http2Peer(raw, pieceBytes === undefined ? {} : { pieceBytes });
        peers.push(peer);
        try {
          await script(peer, connection);
        } catch (error) {
          // Whoever waits for an answer hears that there will be none.
          await peer.abort();
          throw error;
        }
      },
    ],
    { ...listening, ...(tls ? { tls: { alpnProtocols: ['h2'] } } : {}) },
  );
  return Object.assign(server, { peers });
}
