/** HTTP_1_1_REQUIRED (RFC 9113 §7): what a connection tells its owner, and what becomes of what it carries. */
import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { data, goAway, headers, reset } from '../../test/support/http2/frame-factory.ts';
import { LoneConnection } from '../../test/support/http2/lone-connection.ts';
import { ErrorCode } from '../protocol/http2/constants.ts';
import { everySplit } from '../testing/every-split.ts';

const required = ErrorCode.HTTP_1_1_REQUIRED;
const whole = (id: number): Buffer => Buffer.concat([headers(id, [[':status', '200']]), data(id, 'x', { endStream: true })]);

describe('HTTP_1_1_REQUIRED for one request', () => {
  it('takes no new ones, gives it back after its owner has heard why, and lets the others end', async () => {
    const runs: { world: LoneConnection; pieces: readonly Uint8Array[] }[] = [];
    everySplit(Buffer.concat([reset(1, required), whole(3)]), (pieces) => runs.push({ world: new LoneConnection(true), pieces }));
    for (const { world, pieces } of runs) {
      world.start('/1', 'POST', [Buffer.from('body')]);
      world.start('/3');
      await world.clock.settle();
      for (const piece of pieces) world.transport.receive(piece);
      await world.clock.settle();
      expect(world.events).toEqual(['required /1', 'replay /1', 'closed', '/3 200']);
      expect(world.replayed[0]).toMatchObject({ requestSent: false, replays: 1 });
      expect(world.sent().at(-1)).toBe('GOAWAY 0 NO_ERROR');
      expect(world.transport.ended).toBe(true);
      expect(world.transport.handlerError).toBeUndefined();
    }
  });

  it('is asked once for each, and closes the connection with the last of them', async () => {
    const world = new LoneConnection(true);
    for (const target of ['/1', '/3']) world.start(target);
    await world.clock.settle();
    world.transport.receive(Buffer.concat([reset(1, required), reset(3, required)]));
    await world.clock.settle();
    expect(world.events).toEqual(['required /1', 'replay /1', 'required /3', 'replay /3', 'closed']);
  });

  it.each([false, undefined])('is an error where its owner has no HTTP/1.1 (%s), and nothing else', async (fallsBack) => {
    const world = new LoneConnection(fallsBack);
    world.start('/1');
    world.start('/3');
    await world.clock.settle();
    world.transport.receive(reset(1, required));
    await world.clock.settle();
    world.transport.receive(whole(3));
    await world.clock.settle();
    expect(world.events).toEqual([...(fallsBack === false ? ['required /1'] : []), '/1 H2_HTTP_1_1_REQUIRED', '/3 200']);
    expect(world.connection.noNewExchanges).toBe(false);
    expect(world.sent().at(-1)).not.toContain('GOAWAY');
  });

  it('with a body that can not be sent again is an error, and its owner knows for the next', async () => {
    const world = new LoneConnection(true);
    async function* once(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('once'));
    }
    world.start('/1', 'POST', once());
    await world.clock.settle();
    world.transport.receive(reset(1, required));
    await world.clock.settle();
    expect(world.events).toEqual(['required /1', 'closed', '/1 H2_HTTP_1_1_REQUIRED']);
  });

  it('once it was answered is a failure of that answer', async () => {
    const world = new LoneConnection(true);
    world.start('/1');
    await world.clock.settle();
    world.transport.receive(Buffer.concat([headers(1, [[':status', '200']]), reset(1, required)]));
    await world.clock.settle();
    expect(world.events).toEqual(['/1 200']);
    expect(world.connection.noNewExchanges).toBe(false);
  });
});

describe('HTTP_1_1_REQUIRED for the connection', () => {
  it('gives back what was not served, after its owner has heard why', async () => {
    const world = new LoneConnection(true);
    for (const target of ['/1', '/3', '/5']) world.start(target);
    await world.clock.settle();
    world.transport.receive(Buffer.concat([goAway(1, required), whole(1)]));
    await world.clock.settle();
    expect(world.events).toEqual(['required everywhere', 'replay /3', 'replay /5', 'closed', '/1 200']);
  });

  it('is heard where there is nothing to give back', async () => {
    const world = new LoneConnection(true);
    world.transport.receive(goAway(0, required));
    await world.clock.settle();
    expect(world.events).toEqual(['required everywhere', 'closed']);
    expect(world.transport.ended).toBe(true);
  });

  it('is an error where its owner has no HTTP/1.1', async () => {
    const world = new LoneConnection(false);
    world.start('/1');
    await world.clock.settle();
    world.transport.receive(goAway(0, required));
    await world.clock.settle();
    expect(world.events).toEqual(['required everywhere', 'closed', '/1 H2_HTTP_1_1_REQUIRED']);
  });
});
