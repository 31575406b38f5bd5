/** HTTP/2 over a long line: windows must grow until the line is what limits, not they. */
import { startHttp2Server, startRelay } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool } from '../../../src/index.ts';

const mebibyte = 1_048_576;

describe('a line of 800 Mbit/s with 20 ms there and 20 ms back', () => {
  it('is filled: the window of a stream grows to what is under way on it', async () => {
    const size = 24 * mebibyte;
    let written = 0;
    let waiting: { readonly writableLength: number } | undefined;
    await using server = await startHttp2Server(
      (stream) => {
        waiting = stream;
        stream.respond({ ':status': 200, 'content-length': size });
        const block = Buffer.alloc(65_536);
        let left = size / block.length;
        const send = (): void => {
          for (; left > 0; left -= 1) {
            written += block.length;
            if (!stream.write(block)) {
              left -= 1;
              stream.once('drain', send);
              return;
            }
          }
          stream.end();
        };
        send();
      },
      { tls: true },
    );
    await using relay = await startRelay({ to: server, delay: 20, rate: 800e6 });
    await using pool = new ConnectionPool({ tls: { ca: server.ca! } });
    const [, status, , , body] = await pool.dispatch('GET', ['https', relay.host, relay.port, '/'], [], null);
    expect(status).toBe(200);
    let received = 0;
    let largest = 0;
    for await (const chunk of body) {
      received += chunk.length;
      largest = Math.max(largest, written - waiting!.writableLength - received);
    }
    expect(received).toBe(size);
    // 4 MB are under way at that rate and delay, where the machine is quick enough; it began with 1 MiB.
    expect(largest).toBeGreaterThan(1.25 * mebibyte);
    expect(largest).toBeLessThanOrEqual(17 * mebibyte);
  });
});
