/**
 * A server that does to a connection exactly what a script says, byte by byte: truncates, resets, sends garbage, answers
 * before it is asked. It knows no HTTP beyond where a head ends.
 */
import { createServer as createNetServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { listen, type ListenOptions, type LocalServer } from '../server/local-server.ts';
import { setUpTls, type TlsServerOptions } from '../server/tls-setup.ts';
import { PeerClosed, RawPeer } from './raw-peer.ts';
import type { RawStep } from './steps.ts';

/** The steps for every connection, or a choice by the connection's number (from 0). */
export type RawScript = readonly RawStep[] | ((connection: number) => readonly RawStep[]);

export interface RawServerOptions extends ListenOptions {
  readonly tls?: boolean | TlsServerOptions;
}

/** How a script ended: ran to its end, lost its client on the way, or threw something of its own. */
export type RawOutcome = 'running' | 'completed' | 'peer-closed' | 'failed';

/** The record of one connection. */
export interface RawTranscript {
  /** Everything the client sent so far. */
  readonly received: Buffer;
  readonly outcome: RawOutcome;
  /** What a step threw, when `outcome` is `failed`. */
  readonly error: unknown;
  /** Resolves when the script has ended, however it did. */
  readonly finished: Promise<void>;
}

export interface RawServer extends LocalServer {
  /** One per connection, in the order in which they were accepted (for TLS: in which they finished the handshake). */
  readonly transcripts: readonly RawTranscript[];
}

/**
 * Starts a server that runs `script` on each connection. After its last step a connection stays open until the client
 * ends it; add `close()` or `reset()` to end it from here.
 *
 * @example
 * await using server = await startRawServer([
 *   receiveHead(),
 *   send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal'),
 *   reset(),
 * ]);
 */
export async function startRawServer(script: RawScript, options: RawServerOptions = {}): Promise<RawServer> {
  const setup = await setUpTls(options.tls);
  const server: Server =
    setup === undefined
      ? createNetServer({ allowHalfOpen: true, noDelay: true })
      : // `allowHalfOpen` is passed on to node:net, though the types of createServer leave it out.
        createTlsServer({ ...setup.server, allowHalfOpen: true, noDelay: true } as typeof setup.server);
  const transcripts: Transcript[] = [];
  const listening = await listen(server, setup, options);

  server.on(setup === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    const connection = listening.connectionOf(socket);
    const peer = new RawPeer(socket, listening.transportOf(socket), () => listening.ledger.requestArrived(connection));
    const steps = typeof script === 'function' ? script(transcripts.length) : script;
    transcripts.push(new Transcript(peer, steps));
  });
  return Object.assign(listening, { transcripts });
}

class Transcript implements RawTranscript {
  outcome: RawOutcome = 'running';
  error: unknown;
  readonly finished: Promise<void>;
  readonly #peer: RawPeer;

  constructor(peer: RawPeer, steps: readonly RawStep[]) {
    this.#peer = peer;
    this.finished = this.#run(steps);
    void this.finished.then(() => peer.ended).then(() => peer.close());
  }

  get received(): Buffer {
    return this.#peer.received;
  }

  async #run(steps: readonly RawStep[]): Promise<void> {
    try {
      for (const step of steps) await step(this.#peer);
      this.outcome = 'completed';
    } catch (error) {
      this.outcome = error instanceof PeerClosed ? 'peer-closed' : 'failed';
      this.error = error;
    }
  }
}
