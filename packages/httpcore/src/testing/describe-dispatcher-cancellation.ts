import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

import type { Application } from '../in-process/application.ts';
import { Aborted, DeadlineExceeded, HttpCoreError, ReadTimeout, WriteTimeout } from '../contract/errors.ts';
import { assertRejects, bytesOf, gate, patternBytes, readText, untilAborted, type ConformanceGroup } from './describe-dispatcher-case.ts';

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

/** Never answers; tells when it was called and when it saw that its client had gone. */
function silent(): { readonly application: Application; readonly called: Promise<void>; readonly left: Promise<void> } {
  const called = gate();
  const left = gate();
  return {
    called: called.opened,
    left: left.opened,
    application: ({ signal }) => {
      called.open();
      return untilAborted(signal).catch((error: unknown) => {
        left.open();
        throw error;
      });
    },
  };
}

/** Sends a piece of its body, then nothing more. */
const stalling: Application = ({ signal }) => ({
  status: 200,
  body: (async function* () {
    yield bytesOf('part');
    await untilAborted(signal);
  })(),
});

/** It calls functions only, as happy-dom's does. */
class ForeignSignal {
  aborted = false;
  reason: unknown = undefined;
  readonly listeners = new Set<() => void>();

  addEventListener(_type: string, listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: string, listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.listeners) listener();
  }
}

/** Aborts and limits in time. */
export const cancellation: ConformanceGroup = {
  title: 'cancellation',
  cases: [
    {
      name: 'an abort while the head is awaited rejects at once, and the application is told',
      async run(reachFor) {
        const { application, called, left } = silent();
        const reach = await reachFor(application);
        const controller = new AbortController();
        const reason = new Error('changed my mind');
        const sending = reach.send({ context: { signal: controller.signal } });
        await called;
        controller.abort(reason);
        const error = await assertRejects(sending, Aborted);
        assert.equal(error.cause, reason);
        assert.equal(error.requestSent, true);
        assert.equal(listeners(controller.signal), 0);
        await left;
      },
    },
    {
      name: 'an abort before the application was reached leaves nothing behind',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 200 }));
        const controller = new AbortController();
        const sending = reach.send({ context: { signal: controller.signal } });
        controller.abort();
        const error = await assertRejects(sending, Aborted);
        assert.equal(error.cause, controller.signal.reason);
        assert.equal(listeners(controller.signal), 0);
        const [, status, , , body] = await reach.send();
        await body.close();
        assert.equal(status, 200);
      },
    },
    {
      name: 'a signal of a test environment counts, which is no EventTarget of the platform',
      async run(reachFor) {
        const { application, called } = silent();
        const reach = await reachFor(application);
        const signal = new ForeignSignal();
        const sending = reach.send({ context: { signal: signal as unknown as AbortSignal } });
        await called;
        signal.abort('changed my mind');
        const error = await assertRejects(sending, Aborted);
        assert.equal(error.cause, 'changed my mind');
        assert.equal(signal.listeners.size, 0);
      },
    },
    {
      name: 'a signal that throws at whatever it is asked ends its request, and harms no other',
      async run(reachFor) {
        const { application, called } = silent();
        const reach = await reachFor(application);
        const signal = new ForeignSignal();
        const fault = (): never => {
          throw new Error('not supported');
        };
        Object.defineProperties(signal, { reason: { get: fault }, removeEventListener: { value: fault } });
        const sending = reach.send({ context: { signal: signal as unknown as AbortSignal } });
        await called;
        for (const listener of signal.listeners) listener();
        const error = await assertRejects(sending, Aborted, 'ABORTED');
        assert.equal(error.cause, undefined);
      },
    },
    {
      name: 'an abort while the body is read rejects the read',
      async run(reachFor) {
        const reach = await reachFor(stalling);
        const reason = new Error('changed my mind');
        for (const whole of [true, false]) {
          const controller = new AbortController();
          const [, , , , body] = await reach.send({ context: { signal: controller.signal } });
          let reading: Promise<unknown>;
          if (whole) {
            reading = body.bytes();
          } else {
            const chunks = body[Symbol.asyncIterator]();
            assert.equal((await chunks.next()).done, false);
            reading = chunks.next();
          }
          controller.abort(reason);
          const error = await assertRejects(reading, Aborted);
          assert.equal(error.cause, reason);
          assert.equal(error.phase, 'response-body');
          assert.equal(body.trailers, undefined);
          assert.equal(listeners(controller.signal), 0);
          await body.close();
        }
      },
    },
    {
      name: 'an abort ends a body that nobody reads',
      async run(reachFor) {
        const reach = await reachFor(stalling);
        const controller = new AbortController();
        const [, , , , body] = await reach.send({ context: { signal: controller.signal } });
        controller.abort();
        await assertRejects(body.bytes(), Aborted);
      },
    },
    {
      name: 'an abort while the request is sent closes its body',
      async run(reachFor) {
        const { application, called } = silent();
        const reach = await reachFor(application);
        const controller = new AbortController();
        const returned = gate();
        const sending = reach.send({
          method: 'POST',
          context: { signal: controller.signal },
          body: (async function* () {
            try {
              for (;;) yield patternBytes(65_536);
            } finally {
              returned.open();
            }
          })(),
        });
        await called;
        controller.abort();
        await assertRejects(sending, Aborted);
        await returned.opened;
        assert.equal(listeners(controller.signal), 0);
      },
    },
    {
      name: 'an abort after the end changes nothing',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 200, body: 'whole' }));
        const controller = new AbortController();
        const [, , , , body] = await reach.send({ context: { signal: controller.signal } });
        assert.equal(await readText(body), 'whole');
        controller.abort();
        await body.close();
        assert.deepEqual(body.trailers, []);
      },
    },
    {
      name: 'no listener stays on a signal, however the exchange ends',
      async run(reachFor) {
        const reach = await reachFor(({ url, signal }) => {
          if (url[3] === '/fail') throw new Error('out of order');
          return url[3] === '/stall' ? stalling({ signal } as Parameters<Application>[0]) : { status: 200, body: patternBytes(100_000) };
        });
        const { signal } = new AbortController();
        for (const target of ['/whole', '/closed', '/left', '/fail', '/stall']) {
          try {
            const [, , , , body] = await reach.send({ target, context: { signal } });
            if (target === '/whole') await body.bytes();
            else if (target === '/left') for await (const chunk of body) if (chunk.length > 0) break;
            await body.close();
          } catch (error) {
            assert.ok(error instanceof HttpCoreError && target === '/fail', String(error));
          }
          assert.equal(listeners(signal), 0, target);
        }
        await assertRejects(reach.send({ method: '', context: { signal } }), HttpCoreError);
        assert.equal(listeners(signal), 0);
      },
    },
    {
      name: 'one signal can abort many exchanges',
      async run(reachFor) {
        let calls = 0;
        const allCalled = gate();
        const reach = await reachFor(({ signal }) => {
          calls += 1;
          if (calls === 10) allCalled.open();
          return untilAborted(signal);
        });
        const controller = new AbortController();
        const sending = Array.from({ length: 10 }, () => assertRejects(reach.send({ context: { signal: controller.signal } }), Aborted));
        await allCalled.opened;
        controller.abort();
        await Promise.all(sending);
        assert.equal(listeners(controller.signal), 0);
      },
    },
    {
      name: 'the read limit ends an exchange whose head does not come',
      async run(reachFor) {
        const { application, left } = silent();
        const reach = await reachFor(application);
        const error = await assertRejects(reach.send({ method: 'PUT', timeouts: [null, 50, null, null] }), ReadTimeout, 'READ_TIMEOUT');
        assert.equal(error.phase, 'response-head');
        assert.equal(error.method, 'PUT');
        assert.equal(error.requestSent, true);
        assert.match(error.origin ?? '', /^https?:\/\/[^/@]+:\d+$/);
        await left;
      },
    },
    {
      name: 'the read limit ends an exchange whose body does not go on',
      async run(reachFor) {
        const reach = await reachFor(stalling);
        const { signal } = new AbortController();
        const reading = async (): Promise<void> => {
          const [, , , , body] = await reach.send({ timeouts: [null, 100, null, null], context: { signal } });
          await body.bytes();
        };
        await assertRejects(reading(), ReadTimeout);
        assert.equal(listeners(signal), 0);
      },
    },
    {
      name: 'the write limit ends an exchange whose request is not taken',
      async run(reachFor) {
        const { application } = silent();
        const reach = await reachFor(application);
        const returned = gate();
        const sending = reach.send({
          method: 'POST',
          timeouts: [null, null, 100, null],
          body: (function* () {
            try {
              for (;;) yield patternBytes(65_536);
            } finally {
              returned.open();
            }
          })(),
        });
        const error = await assertRejects(sending, WriteTimeout, 'WRITE_TIMEOUT');
        assert.equal(error.phase, 'send');
        await returned.opened;
      },
    },
    {
      name: 'a deadline caps every phase',
      async run(reachFor) {
        const reach = await reachFor((request) => (request.url[3] === '/head' ? untilAborted(request.signal) : stalling(request)));
        for (const target of ['/head', '/body']) {
          const { signal } = new AbortController();
          const reading = async (): Promise<void> => {
            const [, , , , body] = await reach.send({ target, context: { signal, deadline: performance.now() + 100 } });
            await body.bytes();
          };
          await assertRejects(reading(), DeadlineExceeded, 'DEADLINE_EXCEEDED');
          assert.equal(listeners(signal), 0);
        }
      },
    },
    {
      name: 'a deadline also ends an upload whose own source is slow',
      async run(reachFor) {
        const reach = await reachFor(async ({ body }) => ({ status: 200, body: await body.bytes() }));
        const never = gate();
        const sending = reach.send({
          method: 'POST',
          context: { deadline: performance.now() + 100 },
          body: (async function* () {
            yield bytesOf('some');
            await never.opened;
          })(),
        });
        await assertRejects(sending, DeadlineExceeded);
        never.open();
      },
    },
  ],
};
