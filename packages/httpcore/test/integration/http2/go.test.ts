/** The pool against Go's net/http, whose HTTP/2 gives windows back in small pieces and sends what is flushed at once. */
import { installedProgram, startGo, type GoServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ConnectionPool, type ByteIterable, type DispatchResponse } from '../../../src/index.ts';

describe.skipIf(installedProgram('go') === undefined)('a server of Go', () => {
  let server: GoServer;
  // The first build compiles the standard library.
  beforeAll(async () => {
    server = await startGo();
  }, 120_000);
  afterAll(() => server?.stop());

  describe.each(['h2', 'http/1.1'])('over %s', (protocol) => {
    const open = (): ConnectionPool => new ConnectionPool({ tls: { ca: server.ca }, http1: protocol !== 'h2', http2: protocol === 'h2' });
    const send = (pool: ConnectionPool, target: string, body: ByteIterable | null = null, context = {}): Promise<DispatchResponse> =>
      pool.dispatch(body === null ? 'GET' : 'POST', ['https', server.host, server.port, target], [], body, undefined, context);
    const textOf = async ([, , , , body]: DispatchResponse): Promise<string> => Buffer.from(await body.bytes()).toString('latin1');

    function* upload(megabytes: number): Generator<Uint8Array> {
      for (let left = megabytes * 10; left > 0; left -= 1) yield Buffer.alloc(100_000);
    }

    it.each([256, 1_024, 32_768])('takes uploads that its handler reads %d octets at a time', async (piece) => {
      await using pool = open();
      const answers = await Promise.all([1, 2].map(async () => textOf(await send(pool, `/upload?piece=${piece}`, upload(5)))));
      expect(answers).toEqual(['5000000 <nil>', '5000000 <nil>']);
      if (protocol === 'h2') expect(pool.stats().opened).toBe(1);
    });

    it('sends rows, and single octets, that are flushed one by one', async () => {
      await using pool = open();
      const rows = textOf(await send(pool, '/rows?count=50000'));
      const octets = textOf(await send(pool, '/octets?count=30000'));
      expect((await rows).split('\n').slice(-2)).toEqual(['{"id":49999}', '']);
      expect(await octets).toHaveLength(30_000);
    });

    it('refuses an upload before it has read it, and serves what comes next', async () => {
      await using pool = open();
      for (let round = 0; round < 5; round += 1) {
        const answer = await send(pool, '/refuse', upload(2));
        expect([answer[1], await textOf(answer)]).toEqual([413, 'too large']);
        expect(await textOf(await send(pool, '/bytes?size=5'))).toHaveLength(5);
      }
    });

    it('closes the connection behind an answer, and the next has another', async () => {
      await using pool = open();
      for (let round = 0; round < 5; round += 1) expect(await textOf(await send(pool, '/last'))).toBe('last');
    });

    it('breaks off: what came before is delivered', async () => {
      await using pool = open();
      const [, , , , body] = await send(pool, '/abort');
      let text = '';
      const read = async (): Promise<void> => {
        for await (const chunk of body) text += Buffer.from(chunk).toString('latin1');
      };
      await expect(read()).rejects.toMatchObject({ requestSent: true });
      expect(text).toBe('the beginning');
      expect(await textOf(await send(pool, '/bytes?size=5'))).toHaveLength(5);
    });

    it('is left in the middle, again and again', async () => {
      await using pool = open();
      for (let round = 0; round < 30; round += 1) {
        const [, , , , body] = await send(pool, '/rows?count=20000');
        for await (const chunk of body) if (chunk.length > 0) break;
        const controller = new AbortController();
        const silent = send(pool, '/silent', null, { signal: controller.signal });
        setImmediate(() => controller.abort());
        await expect(silent).rejects.toMatchObject({ code: 'ABORTED' });
      }
      expect(await textOf(await send(pool, '/bytes?size=5'))).toHaveLength(5);
      if (protocol === 'h2') expect(pool.stats().opened).toBe(1);
    });

    it('has what nobody reads in nobody else’s way', async () => {
      await using pool = open();
      const unread = await Promise.all(Array.from({ length: 30 }, () => send(pool, '/bytes?size=3000000')));
      expect(await textOf(await send(pool, '/bytes?size=5'))).toHaveLength(5);
      // One after the other.
      for (const response of unread) expect((await textOf(response)).length).toBe(3_000_000);
      expect(pool.stats().bufferedBytes).toBe(0);
    });
  });
});
