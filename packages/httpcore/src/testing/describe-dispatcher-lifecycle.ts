import assert from 'node:assert/strict';

import { HttpCoreError, NetworkError, PoolClosed, RemoteProtocolError } from '../contract/errors.ts';
import {
  assertRejects,
  bytesOf,
  gate,
  patternBytes,
  readText,
  untilAborted,
  type ConformanceGroup,
  type Reach,
  type SendOptions,
} from './describe-dispatcher-case.ts';

/** The name that has to be in the stack of what it awaits. */
async function theCallerOfDispatch(reach: Reach, options: SendOptions): Promise<void> {
  const [, , , , body] = await reach.dispatcher.dispatch(
    options.method ?? 'GET',
    [...reach.origin, options.target ?? '/'],
    [],
    null,
    options.timeouts,
    options.context,
  );
  await body.bytes();
}

/** Many exchanges, and the end of all. */
export const lifecycle: ConformanceGroup = {
  title: 'lifecycle',
  cases: [
    {
      name: '100 exchanges at a time, each with its own answer',
      async run(reachFor) {
        const reach = await reachFor(async ({ url, body }) => ({ status: 200, headers: [['x-target', url[3]]], body: await body.bytes() }));
        const one = async (index: number): Promise<void> => {
          const text = `${index}:${'x'.repeat(index * 37)}`;
          const [, , , headers, body] = await reach.send({
            method: 'POST',
            target: `/${index}`,
            body: index % 2 === 0 ? [bytesOf(text)] : new Set([bytesOf(text)]),
          });
          assert.equal(headers.find(([name]) => name.toLowerCase() === 'x-target')?.[1], `/${index}`);
          assert.equal(await readText(body), text);
        };
        await Promise.all(Array.from({ length: 100 }, (_, index) => one(index)));
      },
    },
    {
      name: '100 exchanges one after the other',
      async run(reachFor) {
        const reach = await reachFor(({ url }) => ({ status: 200, body: url[3] }));
        for (let index = 0; index < 100; index += 1) {
          const [, , , , body] = await reach.send({ target: `/${index}` });
          assert.equal(await readText(body), `/${index}`);
        }
      },
    },
    {
      name: 'an exchange that failed leaves the next ones alone',
      async run(reachFor) {
        const reach = await reachFor(({ url }) => {
          if (url[3] === '/fail') throw new Error('out of order');
          return { status: 200, body: 'fine' };
        });
        for (let round = 0; round < 5; round += 1) {
          await assertRejects(reach.send({ target: '/fail', method: 'POST' }), [NetworkError, RemoteProtocolError]);
          const [, , , , body] = await reach.send();
          assert.equal(await readText(body), 'fine');
        }
      },
    },
    {
      name: 'errors have the line that called dispatch in their stack',
      async run(reachFor) {
        const reach = await reachFor(({ url, signal }) => {
          if (url[3] === '/fail') throw new Error('out of order');
          if (url[3] === '/head') return untilAborted(signal);
          return {
            status: 200,
            body: (async function* () {
              yield bytesOf('part');
              await untilAborted(signal);
            })(),
          };
        });
        const failures: SendOptions[] = [
          { method: 'B A D' },
          { target: '/fail', method: 'POST' },
          { target: '/head', timeouts: [null, 50, null, null] },
          { target: '/body', timeouts: [null, 50, null, null] },
        ];
        for (const options of failures) {
          const error = await assertRejects(theCallerOfDispatch(reach, options), HttpCoreError);
          assert.match(error.stack ?? '', /theCallerOfDispatch/, options.target ?? options.method);
        }
      },
    },
    {
      name: 'close() lets what runs end, and takes nothing new',
      async run(reachFor) {
        const called = gate();
        const head = gate();
        const rest = gate();
        const reach = await reachFor(async () => {
          called.open();
          await head.opened;
          return {
            status: 200,
            body: (async function* () {
              yield patternBytes(100_000);
              await rest.opened;
              yield patternBytes(100_000);
            })(),
          };
        });
        const waiting = reach.send();
        await called.opened;
        let closed = false;
        const closing = reach.dispatcher.close().then(() => {
          closed = true;
        });
        const error = await assertRejects(reach.send(), PoolClosed, 'POOL_CLOSED');
        assert.equal(error.requestSent, false);
        head.open();
        const [, status, , , body] = await waiting;
        assert.equal(status, 200);
        assert.equal(closed, false);
        rest.open();
        assert.equal((await body.bytes()).length, 200_000);
        await closing;
        await reach.dispatcher.close();
        await assertRejects(reach.send(), PoolClosed);
      },
    },
    {
      name: 'close() with nothing to wait for resolves',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 200 }));
        await Promise.all([reach.dispatcher.close(), reach.dispatcher.close()]);
        await assertRejects(reach.send(), PoolClosed);
      },
    },
    {
      name: 'disposing closes',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 200, body: 'x' }));
        const [, , , , body] = await reach.send();
        await body.bytes();
        await reach.dispatcher[Symbol.asyncDispose]();
        await assertRejects(reach.send(), PoolClosed);
      },
    },
    {
      name: 'disposing does not wait for what nobody reads',
      async run(reachFor) {
        const rest = gate();
        const reach = await reachFor(() => ({
          status: 200,
          body: (async function* () {
            yield patternBytes(100);
            await rest.opened;
          })(),
        }));
        const [, status] = await reach.send();
        assert.equal(status, 200);
        await reach.dispatcher[Symbol.asyncDispose]();
        rest.open();
      },
    },
  ],
};
