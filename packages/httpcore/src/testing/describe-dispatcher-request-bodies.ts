import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';

import type { ByteIterable, HeaderPair } from '../contract/values.ts';
import type { Application } from '../in-process/application.ts';
import { Aborted, HttpCoreError, LocalProtocolError, WriteError } from '../contract/errors.ts';
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
  unreadable,
  type ConformanceGroup,
} from './describe-dispatcher-case.ts';

const mebibyte = 2 ** 20;
const mostInFlight = 24 * mebibyte;
const largeBody = 48 * mebibyte;

const echo: Application = ({ body }) => ({ status: 200, body });

async function* later(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

/** An iterator by hand, whose promises are of no known class. */
function thenables(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = chunks.values();
      return {
        next(): Promise<IteratorResult<Uint8Array>> {
          const result = Promise.resolve(iterator.next());
          // oxlint-disable-next-line unicorn/no-thenable
          return { then: result.then.bind(result) } as Promise<IteratorResult<Uint8Array>>;
        },
      };
    },
  };
}

export const requestBodies: ConformanceGroup = {
  title: 'request bodies',
  cases: [
    {
      name: 'may be null, an array, or anything that yields bytes',
      async run(reachFor) {
        const reach = await reachFor(echo);
        const whole = patternBytes(70_000);
        const bodies: [string, ByteIterable | null, Uint8Array][] = [
          ['null', null, new Uint8Array(0)],
          ['an empty array', [], new Uint8Array(0)],
          ['an array of one', [whole], whole],
          ['an array of many', [...slices(whole, 1_001)], whole],
          ['an array with empty chunks', [new Uint8Array(0), whole, new Uint8Array(0)], whole],
          ['a set', new Set([whole]), whole],
          ['a generator', slices(whole, 1_001), whole],
          ['an async generator', later(slices(whole, 9_999)), whole],
          ['an async generator of nothing', later([]), new Uint8Array(0)],
          ['an async generator with empty chunks', later([new Uint8Array(0), whole, new Uint8Array(0)]), whole],
          ['an iterator of thenables', thenables([whole.subarray(0, 10), whole.subarray(10)]), whole],
          ['a stream', new Blob([whole]).stream(), whole],
          [
            'buffers',
            [Buffer.from('abc'), new Uint8Array(Buffer.from('xdefx').buffer.slice(0)).slice(0, 0), Buffer.from('def')],
            bytesOf('abcdef'),
          ],
        ];
        for (const [what, body, expected] of bodies) {
          const [, , , , response] = await reach.send({ method: 'POST', body });
          assertSameBytes(await response.bytes(), expected);
          assert.ok(true, what);
        }
      },
    },
    {
      name: 'may have a length that was announced',
      async run(reachFor) {
        let announced: string | undefined;
        const reach = await reachFor(({ headers, body }) => {
          announced = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
          return { status: 200, body };
        });
        for (const body of [[bytesOf('hello')], later([bytesOf('he'), bytesOf('llo')])]) {
          const [, , , , response] = await reach.send({ method: 'PUT', headers: [['content-length', '5']], body });
          assert.equal(await readText(response), 'hello');
          assert.equal(announced, '5');
        }
      },
    },
    {
      name: 'that are not as long as was announced are refused: an array before anything is sent',
      async run(reachFor) {
        let calls = 0;
        const reach = await reachFor(() => {
          calls += 1;
          return { status: 200 };
        });
        for (const length of ['4', '6']) {
          const sending = reach.send({ method: 'PUT', headers: [['content-length', length]], body: [bytesOf('hello')] });
          const error = await assertRejects(sending, LocalProtocolError, 'CONTENT_LENGTH_MISMATCH');
          assert.equal(error.requestSent, false);
        }
        assert.equal(calls, 0);
      },
    },
    {
      name: 'that are not as long as was announced are refused: an iterable when it is seen',
      async run(reachFor) {
        const reach = await reachFor(async ({ body }) => ({ status: 200, body: await body.bytes() }));
        for (const length of ['4', '6']) {
          const body = later([bytesOf('he'), bytesOf('llo')]);
          const sending = reach.send({ method: 'PUT', headers: [['content-length', length]], body });
          await assertRejects(sending, LocalProtocolError, 'CONTENT_LENGTH_MISMATCH');
        }
      },
    },
    {
      name: 'may be bytes of another realm, as test environments have them',
      async run(reachFor) {
        const reach = await reachFor(async ({ body }) => ({ status: 200, body: await body.bytes() }));
        const foreign = (): Uint8Array => runInNewContext('new Uint8Array([102, 111, 114])') as Uint8Array;
        for (const body of [[foreign()], later([foreign()])]) {
          const [, , , , response] = await reach.send({ method: 'PUT', body });
          assert.equal(await readText(response), 'for');
        }
      },
    },
    {
      name: 'that throw an error of a class of their own, which extends ours, fail with that',
      async run(reachFor) {
        const reach = await reachFor(async ({ body }) => ({ status: 200, body: await body.bytes() }));
        class QuotaError extends HttpCoreError {
          constructor(user: { readonly name: string }) {
            super(`${user.name.toUpperCase()} has sent enough`, { code: 'QUOTA' });
          }
        }
        async function* body(): AsyncGenerator<Uint8Array> {
          yield bytesOf('some');
          await Promise.resolve();
          throw new QuotaError({ name: 'ada' });
        }
        const error = await assertRejects(reach.send({ method: 'PUT', body: body() }), HttpCoreError, 'QUOTA');
        assert.ok(error instanceof QuotaError);
        assert.match(error.message, /ADA has sent enough/);
        assert.equal(error.method, 'PUT');
      },
    },
    {
      name: 'that throw fail the request with what they threw',
      async run(reachFor) {
        const reach = await reachFor(async ({ body }) => ({ status: 200, body: await body.bytes() }));
        const thrown = new Error('the file is gone');
        const bodies: ByteIterable[] = [
          (function* () {
            yield bytesOf('some');
            throw thrown;
          })(),
          (async function* () {
            yield bytesOf('some');
            await Promise.resolve();
            throw thrown;
          })(),
          {
            [Symbol.asyncIterator]: () => {
              throw thrown;
            },
          },
        ];
        for (const body of bodies) {
          const error = await assertRejects(reach.send({ method: 'POST', body }), WriteError, 'REQUEST_BODY_FAILED');
          assert.equal(error.cause, thrown);
          assert.equal(error.phase, 'send');
        }
      },
    },
    {
      name: 'that are generators are read by one request, and refused by another',
      async run(reachFor) {
        const reach = await reachFor(echo);
        const synchronous = (function* () {
          yield bytesOf('once');
        })();
        for (const body of [synchronous, later([bytesOf('once')])]) {
          const [, , , , answer] = await reach.send({ method: 'POST', body });
          assert.equal(await readText(answer), 'once');
          await assertRejects(reach.send({ method: 'POST', body }), LocalProtocolError, 'INVALID_BODY');
        }
      },
    },
    {
      name: 'that throw what can hardly be looked at fail the request, and no other',
      async run(reachFor) {
        const reach = await reachFor(async ({ body }) => ({ status: 200, body: await body.bytes() }));
        for (const [what, thrown] of unreadable()) {
          const body = (async function* () {
            yield bytesOf('some');
            throw thrown;
          })();
          await assertRejects(reach.send({ method: 'POST', body }), HttpCoreError).catch((error: unknown) => {
            throw new Error(what, { cause: error });
          });
        }
        const [, , , , answer] = await reach.send({ method: 'POST', body: [bytesOf('sound')] });
        assert.equal(await readText(answer), 'sound');
      },
    },
    {
      name: 'whose iterator can not be ended are given up all the same',
      async run(reachFor) {
        const fault = (): never => {
          throw new Error('it does not end');
        };
        const ends: PropertyDescriptor[] = [
          { get: fault },
          { value: fault },
          { value: async () => fault() },
          // oxlint-disable-next-line unicorn/no-thenable
          { value: () => Object.defineProperty({}, 'then', { get: fault }) },
          { value: 'no function' },
        ];
        const reach = await reachFor(({ body }) => body.bytes().then(() => ({ status: 200 })));
        for (const end of ends) {
          const controller = new AbortController();
          let isBegun = false;
          const next = (): Promise<IteratorResult<Uint8Array>> => {
            if (isBegun) return new Promise(() => queueMicrotask(() => controller.abort()));
            isBegun = true;
            return Promise.resolve({ done: false, value: bytesOf('some') });
          };
          const iterator = Object.defineProperty({ next }, 'return', end);
          const body: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => iterator };
          await assertRejects(reach.send({ method: 'POST', body, context: { signal: controller.signal } }), Aborted, 'ABORTED');
        }
        const [, status] = await reach.send({ method: 'POST', body: [bytesOf('sound')] });
        assert.equal(status, 200);
      },
    },
    {
      name: 'that are no bytes are refused',
      async run(reachFor) {
        const reach = await reachFor(async ({ body }) => ({ status: 200, body: await body.bytes() }));
        const bodies = [
          'text',
          bytesOf('bytes without an array'),
          42,
          {},
          ['text'],
          [null],
          new Set(['text']),
          later(['text'] as unknown as Uint8Array[]),
        ];
        for (const body of bodies) {
          await assertRejects(reach.send({ method: 'POST', body: body as ByteIterable }), LocalProtocolError, 'INVALID_BODY');
        }
      },
    },
    {
      name: 'are sent while the response comes',
      async run(reachFor) {
        const reach = await reachFor(echo);
        const words = ['one ', 'two ', 'three'];
        const turns = words.map(() => gate());
        async function* speaking(): AsyncGenerator<Uint8Array> {
          for (const [index, word] of words.entries()) {
            await turns[index]!.opened;
            yield bytesOf(word);
          }
        }
        turns[0]!.open();
        const [, , , , body] = await reach.send({ method: 'POST', body: speaking() });
        const chunks = body[Symbol.asyncIterator]();
        for (const [index, word] of words.entries()) {
          assert.equal(textOf((await chunks.next()).value as Uint8Array), word);
          turns[index + 1]?.open();
        }
        assert.equal((await chunks.next()).done, true);
      },
    },
    {
      name: 'are sent to their end after an early answer',
      async run(reachFor) {
        const answered = gate();
        let arrived = '';
        const reach = await reachFor(({ body }) => ({
          status: 202,
          body: (async function* () {
            yield bytesOf('go on;');
            arrived = await body.text();
            yield bytesOf(arrived);
          })(),
        }));
        const [, status, , , body] = await reach.send({
          method: 'POST',
          body: (async function* () {
            yield bytesOf('before, ');
            await answered.opened;
            yield bytesOf('after');
          })(),
        });
        assert.equal(status, 202);
        answered.open();
        assert.equal(await readText(body), 'go on;before, after');
      },
    },
    {
      name: 'that are not needed are told so by return()',
      async run(reachFor) {
        const returned = gate();
        const reach = await reachFor(() => ({ status: 413, headers: [['connection', 'close']], body: 'enough' }));
        const [, status, , , body] = await reach.send({
          method: 'POST',
          body: (async function* () {
            try {
              for (;;) yield patternBytes(65_536);
            } finally {
              returned.open();
            }
          })(),
        });
        assert.equal(status, 413);
        assert.equal(await readText(body), 'enough');
        await returned.opened;
      },
    },
    {
      name: 'that the application does not read are not pulled',
      async run(reachFor) {
        const reading = gate();
        let read = 0;
        const reach = await reachFor(async ({ body }) => {
          await reading.opened;
          for await (const chunk of body) read += chunk.length;
          return { status: 200 };
        });
        let pulled = 0;
        const piece = patternBytes(65_536);
        const sending = reach.send({
          method: 'PUT',
          body: (function* () {
            while (pulled < largeBody) {
              pulled += piece.length;
              yield piece;
            }
          })(),
        });
        const ahead = await settled(() => pulled);
        assert.ok(ahead <= mostInFlight, `${ahead} bytes were pulled that nobody asked for`);
        reading.open();
        const [, status, , , body] = await sending;
        await body.close();
        assert.equal(status, 200);
        assert.equal(read, largeBody);
      },
    },
    {
      name: 'may be followed by trailers',
      needs: 'requestTrailers',
      async run(reachFor) {
        const seen: unknown[] = [];
        const reach = await reachFor(async ({ body }) => {
          const text = await body.text();
          seen.push([text, body.trailers?.map(([name, value]) => [name.toLowerCase(), value])]);
          return { status: 200 };
        });
        const sources: [ByteIterable | null, readonly HeaderPair[] | (() => readonly HeaderPair[] | Promise<readonly HeaderPair[]>)][] = [
          [[bytesOf('list')], [['x-sum', '4']]],
          [later([bytesOf('late')]), () => [['x-sum', 'sync']]],
          [
            later([bytesOf('late')]),
            async () => [
              ['x-sum', 'async'],
              ['x-more', ''],
            ],
          ],
          [null, [['x-alone', 'yes']]],
        ];
        for (const [body, trailers] of sources) {
          const [, , , , response] = await reach.send({ method: 'POST', body, context: { trailers } });
          await response.close();
        }
        assert.deepEqual(seen, [
          ['list', [['x-sum', '4']]],
          ['late', [['x-sum', 'sync']]],
          [
            'late',
            [
              ['x-sum', 'async'],
              ['x-more', ''],
            ],
          ],
          ['', [['x-alone', 'yes']]],
        ]);
      },
    },
    {
      name: 'whose trailers throw what can hardly be looked at fail the request, and no other',
      needs: 'requestTrailers',
      async run(reachFor) {
        const reach = await reachFor(async ({ body }) => {
          await body.bytes();
          return { status: 200, body: body.trailers!.map(([, value]) => value).join() };
        });
        for (const [, thrown] of unreadable()) {
          const trailers = (): never => {
            throw thrown;
          };
          await assertRejects(reach.send({ method: 'POST', body: [bytesOf('some')], context: { trailers } }), HttpCoreError);
        }
        const sound: HeaderPair[] = [['x-sum', 'sound']];
        const [, , , , answer] = await reach.send({ method: 'POST', body: [bytesOf('some')], context: { trailers: sound } });
        assert.equal(await readText(answer), 'sound');
      },
    },
    {
      name: 'are held back by Expect: 100-continue until the application asks for them',
      needs: 'expectContinue',
      async run(reachFor) {
        let pulled = 0;
        const body = (): AsyncIterable<Uint8Array> =>
          (async function* () {
            pulled += 1;
            yield bytesOf('welcome');
          })();
        const reach = await reachFor(async (request) =>
          request.url[3] === '/refuse' ? { status: 417, body: 'no' } : { status: 200, body: await request.body.bytes() },
        );
        const headers: HeaderPair[] = [['expect', '100-continue']];
        const [, refused, , , refusal] = await reach.send({ method: 'POST', target: '/refuse', headers, body: body() });
        assert.equal(refused, 417);
        assert.equal(await readText(refusal), 'no');
        assert.equal(pulled, 0);
        const [, accepted, , , answer] = await reach.send({ method: 'POST', target: '/accept', headers, body: body() });
        assert.equal(accepted, 200);
        assert.equal(await readText(answer), 'welcome');
        assert.equal(pulled, 1);
      },
    },
  ],
};
