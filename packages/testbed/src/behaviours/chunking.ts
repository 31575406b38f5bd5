import type { ServerResponse } from 'node:http';
import { seededBuffer } from '../seeded-bytes.ts';
import type { Behaviour } from '../server/http-server.ts';

export interface ChunkingOptions {
  /** Each becomes one chunk on the wire; a number stands for that many seeded bytes. Default `[1, 10, 1000]`. */
  readonly chunks?: readonly (string | Uint8Array | number)[];
  /** Sent after the last chunk, and announced in `Trailer`. */
  readonly trailers?: readonly [name: string, value: string][];
}

export interface ChunkingExtras {
  /** What the body adds up to. */
  readonly body: Buffer;
}

/** A chunked body with the chunk sizes asked for, and trailers. */
export function chunking(options: ChunkingOptions = {}): Behaviour<ChunkingExtras> {
  const chunks = (options.chunks ?? [1, 10, 1000]).map((chunk, index) =>
    typeof chunk === 'number' ? seededBuffer(`chunk ${index}`, chunk) : Buffer.from(chunk),
  );
  const trailers = options.trailers ?? [];

  async function sendChunks(response: ServerResponse): Promise<void> {
    for (const chunk of chunks) {
      // Node 26 joins the writes of one turn into one chunk.
      await new Promise((resolve) => {
        response.write(chunk, resolve);
      });
    }
    response.addTrailers(trailers);
    response.end();
  }

  return {
    handle(request, response) {
      request.resume();
      response.writeHead(200, {
        'Content-Type': 'application/octet-stream',
        'Transfer-Encoding': 'chunked',
        ...(trailers.length === 0 ? {} : { Trailer: trailers.map(([name]) => name).join(', ') }),
      });
      void sendChunks(response);
    },
    extras: { body: Buffer.concat(chunks) },
  };
}
