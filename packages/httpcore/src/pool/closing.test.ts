import { describe, expect, it } from 'vitest';

import { PoolClosed, type HttpCoreError } from '../contract/errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { Closing } from './closing.ts';

interface Reading {
  isClaimed: boolean;
  isUnwanted: boolean;
  isAwaited: boolean;
  taken: number;
}

class World {
  readonly clock = new FakeClock();
  readonly exchanges: Exchange[] = [];
  readonly aborted: string[] = [];
  destroyedWith: HttpCoreError | undefined;
  readonly closing = new Closing(this);

  running(): readonly Exchange[] {
    return Array.from(this.exchanges);
  }

  destroyAll(error: HttpCoreError): void {
    this.destroyedWith = error;
  }

  add(name: string, incoming: Partial<Reading> | null): Partial<Reading> | null {
    const exchange = {
      incoming,
      abort: (error: HttpCoreError) => {
        expect(error).toBeInstanceOf(PoolClosed);
        this.aborted.push(name);
        this.exchanges.splice(this.exchanges.indexOf(exchange), 1);
      },
    } as unknown as Exchange;
    this.exchanges.push(exchange);
    return incoming;
  }
}

const unread: Reading = { isClaimed: false, isUnwanted: false, isAwaited: false, taken: 0 };

describe('the end of a pool', () => {
  it('has a grace, the shortest that was given, and keeps the process alive for as long', () => {
    const world = new World();
    world.closing.allow(30_000);
    world.closing.allow(Infinity);
    world.closing.allow(5_000);
    world.closing.allow(10_000);
    expect(world.clock.pendingForeground).toBe(1);
    world.clock.advance(4_999);
    expect(world.destroyedWith).toBeUndefined();
    world.clock.advance(1);
    expect(world.destroyedWith).toMatchObject({
      code: 'POOL_CLOSED',
      message: expect.stringContaining('5000 ms (the option "closeGrace")'),
    });
  });

  it('leaves nothing behind when it has come', async () => {
    const world = new World();
    world.closing.allow(30_000);
    world.closing.endUnread();
    world.closing.finish();
    await world.closing.done;
    world.closing.allow(1);
    world.closing.endUnread();
    expect(world.clock.pending).toBe(0);
  });

  it('does not end what nobody reads unless it is told to', () => {
    const world = new World();
    world.add('unread', { ...unread });
    world.closing.allow(30_000);
    world.clock.advance(29_000);
    expect(world.aborted).toEqual([]);
  });

  it('comes at once for what nobody has begun to read, or has closed; not for who waits for a head, or for more', () => {
    const world = new World();
    world.add('unread', { ...unread });
    world.add('closed', { ...unread, isClaimed: true, isUnwanted: true });
    world.add('waits for its head', null);
    world.add('waits for more', { ...unread, isClaimed: true, isAwaited: true });
    world.closing.endUnread();
    expect(world.aborted).toEqual(['unread', 'closed']);
    world.clock.advance(10_000);
    expect(world.aborted).toEqual(['unread', 'closed']);
  });

  it('comes in time for readers that have left, not for those that are busy with what they took', () => {
    const world = new World();
    world.add('left', { ...unread, isClaimed: true, taken: 10 });
    const busy = world.add('busy', { ...unread, isClaimed: true, taken: 10 })!;
    world.closing.endUnread();
    expect(world.aborted).toEqual([]);
    busy.taken = 20;
    world.clock.advance(1_000);
    expect(world.aborted).toEqual(['left']);
    busy.isAwaited = true;
    world.clock.advance(5_000);
    expect(world.aborted).toEqual(['left']);
    // Its head comes only now: whoever waits for that has a moment to begin.
    world.add('late', { ...unread });
    world.clock.advance(1_000);
    expect(world.aborted).toEqual(['left']);
    world.clock.advance(1_000);
    expect(world.aborted).toEqual(['left', 'late']);
  });
});
