import assert from 'node:assert/strict';

import type { ResponseBody } from '../contract/dispatcher.ts';
import type { HeaderPair } from '../contract/values.ts';
import { LocalProtocolError, NetworkError, RemoteProtocolError } from '../contract/errors.ts';
import {
  assertRejects,
  assertSameBytes,
  bytesOf,
  gate,
  patternBytes,
  readText,
  settled,
  slices,
  textOf,
  type ConformanceGroup,
  type Gate,
} from './describe-dispatcher-case.ts';

const mebibyte = 2 ** 20;

/** How much may be on its way through buffers of the system: far more than ours, far less than what the test sends. */
const mostInFlight = 24 * mebibyte;
const largeBody = 48 * mebibyte;

async function collect(body: ResponseBody): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    assert.ok(chunk instanceof Uint8Array);
    assert.ok(chunk.length > 0, 'an empty chunk');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function drain(chunks: AsyncIterator<Uint8Array, undefined>, into: Uint8Array[]): Promise<void> {
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) into.push(next.value);
}

/** Says when all was taken from it, waits to be told, and fails. */
async function* breakingOff(pieces: readonly Uint8Array[], sent: Gate, fail: Gate, failed: Gate): AsyncGenerator<Uint8Array, undefined> {
  try {
    yield* pieces;
    sent.open();
    await fail.opened;
    throw new Error('the disk is gone');
  } finally {
    failed.open();
  }
}

function assertOwn(bytes: Uint8Array): void {
  assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype, 'not a plain Uint8Array');
  assert.equal(bytes.buffer.byteLength, bytes.length, 'memory of another size');
}

export const responseBodies: ConformanceGroup = {
  title: 'response bodies',
  cases: [
    {
      name: 'are given whole by bytes()',
      async run(reachFor) {
        const sizes = [0, 1, 1_000, 16_383, 65_536, 65_537, 300_000];
        const reach = await reachFor(({ url }) => ({ status: 200, body: patternBytes(Number(url[3].slice(1))) }));
        for (const size of sizes) {
          const [, , , , body] = await reach.send({ target: `/${size}` });
          assertSameBytes(await body.bytes(), patternBytes(size));
        }
      },
    },
    {
      name: 'are iterated in chunks that stay as they are',
      async run(reachFor) {
        const whole = patternBytes(mebibyte + 1);
        const reach = await reachFor(() => ({ status: 200, body: slices(whole, 10_007) }));
        const [, , , , body] = await reach.send();
        assertSameBytes(await collect(body), whole);
      },
    },
    {
      name: "have memory that is the caller's alone: of the exact size, no Buffer, and free to be given away",
      async run(reachFor) {
        const whole = patternBytes(300_000);
        const reach = await reachFor(({ url }) => {
          const size = Number(url[3].slice(1));
          return { status: 200, body: size > 10_000 ? slices(whole.subarray(0, size), 10_007) : whole.subarray(0, size) };
        });
        const sizes = [1, 100, 5_000, 70_000, 300_000];
        const bodies = await Promise.all(sizes.map(async (size) => (await reach.send({ target: `/${size}` }))[4]));
        const more = await Promise.all(sizes.map(async (size) => (await reach.send({ target: `/${size}` }))[4]));
        for (const [index, size] of sizes.entries()) {
          const bytes = await bodies[index]!.bytes();
          assertOwn(bytes);
          assertSameBytes(bytes, whole.subarray(0, size));
          structuredClone(bytes, { transfer: [bytes.buffer] });
          let at = 0;
          for await (const chunk of more[index]!) {
            assertOwn(chunk);
            assertSameBytes(chunk, whole.subarray(at, at + chunk.length));
            at += chunk.length;
            structuredClone(chunk, { transfer: [chunk.buffer] });
          }
          assert.equal(at, size);
        }
      },
    },
    {
      name: 'with an announced length are as long as that',
      async run(reachFor) {
        const whole = patternBytes(200_000);
        const reach = await reachFor(() => ({
          status: 200,
          headers: [['content-length', String(whole.length)]],
          body: slices(whole, 999),
        }));
        const [, , , , body] = await reach.send();
        assertSameBytes(await collect(body), whole);
      },
    },
    {
      name: 'can be read once',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 200, body: 'once' }));
        const readers: ((body: ResponseBody) => Promise<unknown>)[] = [(body) => body.bytes(), (body) => collect(body)];
        for (const first of readers) {
          for (const second of readers) {
            const [, , , , body] = await reach.send();
            await first(body);
            await assertRejects(second(body), LocalProtocolError, 'BODY_ALREADY_READ');
          }
        }
        const [, , , , body] = await reach.send();
        const chunks = body[Symbol.asyncIterator]();
        await assertRejects(body.bytes(), LocalProtocolError, 'BODY_ALREADY_READ');
        assert.equal(textOf((await chunks.next()).value as Uint8Array), 'once');
        assert.equal((await chunks.next()).done, true);
        assert.equal((await chunks.next()).done, true);
      },
    },
    {
      name: 'are closed by leaving the loop, which the application is told',
      async run(reachFor) {
        const left = gate();
        const reach = await reachFor(() => ({
          status: 200,
          body: (async function* () {
            try {
              for (;;) yield patternBytes(65_536);
            } finally {
              left.open();
            }
          })(),
        }));
        const [, , , , body] = await reach.send();
        for await (const chunk of body) {
          assert.ok(chunk.length > 0);
          break;
        }
        await left.opened;
        await assertRejects(body.bytes(), LocalProtocolError, 'BODY_ALREADY_READ');
      },
    },
    {
      name: 'are closed by close(), any number of times and at any moment',
      async run(reachFor) {
        const reach = await reachFor(({ url }) => ({ status: 200, body: patternBytes(Number(url[3].slice(1))) }));
        for (const size of [0, 10, 100_000, 4 * mebibyte]) {
          const [, , , , unread] = await reach.send({ target: `/${size}` });
          await Promise.all([unread.close(), unread.close()]);
          await unread.close();
          await assertRejects(unread.bytes(), LocalProtocolError, 'BODY_ALREADY_READ');

          const [, , , , read] = await reach.send({ target: `/${size}` });
          assert.equal((await read.bytes()).length, size);
          await read.close();
          await read.close();
        }
      },
    },
    {
      name: 'tell their trailers when they have ended: none',
      async run(reachFor) {
        const rest = gate();
        const reach = await reachFor(() => ({
          status: 200,
          body: (async function* () {
            yield bytesOf('body');
            await rest.opened;
          })(),
        }));
        const [, , , , body] = await reach.send();
        assert.equal(body.trailers, undefined);
        const chunks = body[Symbol.asyncIterator]();
        assert.equal(textOf((await chunks.next()).value as Uint8Array), 'body');
        assert.equal(body.trailers, undefined);
        rest.open();
        assert.equal((await chunks.next()).done, true);
        assert.deepEqual(body.trailers, []);
      },
    },
    {
      name: 'tell their trailers when they have ended: some',
      needs: 'responseTrailers',
      async run(reachFor) {
        const reach = await reachFor(() => ({
          status: 200,
          headers: [['trailer', 'x-sum, x-more']],
          body: [bytesOf('bo'), bytesOf('dy')],
          trailers: [
            ['x-sum', '4'],
            ['x-more', 'a'],
            ['x-more', 'b'],
          ],
        }));
        for (let round = 0; round < 3; round += 1) {
          const [, , , , body] = await reach.send();
          assert.equal(await readText(body), 'body');
          assert.deepEqual(
            body.trailers?.map(([name, value]) => [name.toLowerCase(), value]),
            [
              ['x-sum', '4'],
              ['x-more', 'a'],
              ['x-more', 'b'],
            ],
          );
        }
      },
    },
    {
      name: 'that break off are errors, however they are read, and never taken for whole',
      async run(reachFor) {
        const headers = { '/length': [['content-length', '1000000']], '/chunked': [] } as const;
        const reach = await reachFor(({ url }) => ({
          status: 200,
          headers: headers[url[3] as keyof typeof headers],
          body: (async function* () {
            yield patternBytes(100_000);
            yield patternBytes(10);
            throw new Error('the disk is gone');
          })(),
        }));
        for (const target of Object.keys(headers)) {
          for (const read of [(body: ResponseBody) => body.bytes(), collect]) {
            const [, status, , , body] = await reach.send({ target });
            assert.equal(status, 200);
            const error = await assertRejects(read(body), [NetworkError, RemoteProtocolError]);
            assert.equal(error.phase, 'response-body');
            assert.equal(error.requestSent, true);
            assert.equal(body.trailers, undefined);
            await body.close();
          }
        }
      },
    },
    {
      name: 'that break off give what had come before, to who reads late or slowly, and bytes() says how much that was',
      async run(reachFor) {
        const pieces = [patternBytes(20_000), bytesOf('a line\n'), patternBytes(300)];
        const whole = Buffer.concat(pieces);
        for (const target of ['/length', '/chunked']) {
          for (const reader of ['late', 'slow', 'bytes'] as const) {
            const [sent, fail, failed] = [gate(), gate(), gate()];
            const reach = await reachFor(({ url }) => {
              if (url[3] === '/ping') return { status: 204 };
              const headers: HeaderPair[] = target === '/length' ? [['content-length', '1000000']] : [];
              return { status: 200, headers, body: breakingOff(pieces, sent, fail, failed) };
            });
            // What was sent before an answer that is here is here too.
            const ping = async (): Promise<unknown> => (await reach.send({ target: '/ping' }))[4].bytes();
            const [, , , , body] = await reach.send({ target });
            const chunks = reader === 'bytes' ? undefined : body[Symbol.asyncIterator]();
            const received: Uint8Array[] = [];
            if (reader === 'slow') received.push((await chunks!.next()).value as Uint8Array);
            await sent.opened;
            await ping();
            fail.open();
            await failed.opened;
            await ping();
            const reading = chunks === undefined ? body.bytes() : drain(chunks, received);
            const error = await assertRejects(reading, [NetworkError, RemoteProtocolError]);
            if (reader !== 'bytes') assertSameBytes(Buffer.concat(received), whole);
            assert.equal(error.receivedBytes, whole.length, 'bytes that the error says have come');
            assert.equal(body.trailers, undefined);
          }
        }
      },
    },
    {
      name: 'that nobody reads hold the application back',
      async run(reachFor) {
        let produced = 0;
        const piece = patternBytes(65_536);
        const reach = await reachFor(() => ({
          status: 200,
          body: (async function* () {
            while (produced < largeBody) {
              produced += piece.length;
              yield piece;
            }
          })(),
        }));
        const [, , , , body] = await reach.send();
        const ahead = await settled(() => produced);
        assert.ok(ahead <= mostInFlight, `${ahead} bytes were produced that nobody asked for`);
        let received = 0;
        for await (const chunk of body) received += chunk.length;
        assert.equal(received, largeBody);
      },
    },
  ],
};
