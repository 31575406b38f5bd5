/** A source that always has more, and a peer that always takes it: nobody else may wait until the last octet. */
import { afterEach, expect, it } from 'vitest';

import { settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { endWorlds, startWorld } from '../../test/support/http2/pool-harness.ts';

afterEach(endWorlds);

const most = 1_000;

const sources: [string, (pulled: () => void, chunk: Uint8Array) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>][] = [
  [
    'a generator',
    function* (pulled, chunk) {
      for (;;) {
        pulled();
        yield chunk;
      }
    },
  ],
  [
    'an async generator',
    async function* (pulled, chunk) {
      for (;;) {
        pulled();
        yield chunk;
      }
    },
  ],
];

for (const [protocol, http1] of [
  ['HTTP/1.1', true],
  ['HTTP/2', false],
] as const) {
  it.each(sources.flatMap(([name, make]) => [0, 20].map((length) => [name, length, make] as const)))(
    `%s of chunks of %i octets lets others have their turn, over ${protocol}`,
    async (_, length, make) => {
      const world = startWorld(http1 ? { http1 } : {});
      const controller = new AbortController();
      let pulled = 0;
      const pull = (): void => {
        pulled += 1;
        if (pulled === 5) world.clock.nextTurn(() => controller.abort());
        if (pulled === most) throw new Error('nobody else had a turn');
      };
      const body = make(pull, new Uint8Array(length));
      const call = world.call('/', { method: 'POST', body, context: { signal: controller.signal } });
      const server = await world.server();
      if (!http1) server.receive(settings(), settingsAcknowledgement());
      await world.clock.settle();
      expect(call.outcome()).toBe('ABORTED');
    },
  );
}
