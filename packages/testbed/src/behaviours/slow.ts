import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createGate, type Gate } from '../gate.ts';
import type { Behaviour } from '../server/http-server.ts';

export interface SlowOptions {
  /** The body's pieces, each behind its own gate. Default `['slow ', 'and ', 'steady']`. */
  readonly pieces?: readonly (string | Uint8Array)[];
  /** Announces Content-Length. Default true. */
  readonly announceLength?: boolean;
  /** Milliseconds before the head, instead of a gate: for what people watch, not for tests. */
  readonly headDelay?: number;
  /** Milliseconds before each piece, instead of its gate. */
  readonly pieceDelay?: number;
}

export interface SlowExtras {
  /** Holds back the response head. */
  readonly head: Gate;
  /** Hold back the pieces of the body, the last of them the end of the response too. */
  readonly pieces: readonly Gate[];
  /** Opens everything. */
  release(): void;
}

/**
 * Holds its answer back until the test opens gates. They are the server's: once open, they are so for every request.
 *
 * @example
 * await using server = await startServer('slow', { pieces: ['a', 'b'] });
 * const pending = client.get(server.url('/'), { timeout: { read: 50 } });   // times out: the head's gate is closed
 */
export function slow(options: SlowOptions = {}): Behaviour<SlowExtras> {
  const parts = (options.pieces ?? ['slow ', 'and ', 'steady']).map((piece) => Buffer.from(piece));
  const head = createGate();
  const pieces = parts.map(() => createGate());
  const length = parts.reduce((sum, part) => sum + part.length, 0);

  async function answerAtGates(response: ServerResponse): Promise<void> {
    await (options.headDelay === undefined ? head.opened : delay(options.headDelay));
    response.writeHead(200, {
      'Content-Type': 'text/plain',
      ...(options.announceLength === false ? {} : { 'Content-Length': length }),
    });
    response.flushHeaders();
    for (const [index, part] of parts.entries()) {
      await (options.pieceDelay === undefined ? pieces[index]?.opened : delay(options.pieceDelay));
      if (response.destroyed) return;
      response.write(part);
    }
    response.end();
  }

  return {
    handle(request, response) {
      request.resume();
      void answerAtGates(response);
    },
    extras: {
      head,
      pieces,
      release() {
        head.open();
        for (const piece of pieces) piece.open();
      },
    },
  };
}
