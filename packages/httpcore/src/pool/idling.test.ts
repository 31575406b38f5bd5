import { describe, expect, it } from 'vitest';

import type { Connection } from '../connection/connection.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { idleGrace, Idling } from './idling.ts';

class World {
  readonly clock = new FakeClock();
  readonly all = new Set<Connection>();
  looks = 0;
  settled = 0;
  readonly idling: Idling;

  readonly keepAliveTimeout: number;

  constructor(keepAliveTimeout: number) {
    this.keepAliveTimeout = keepAliveTimeout;
    this.idling = new Idling(this, this.clock, keepAliveTimeout);
  }

  *idle(): Generator<Connection> {
    this.looks += 1;
    yield* this.all;
  }

  onSettled(): void {
    this.settled += 1;
  }

  connection(idleTimeout?: number): Connection & { unreferenced: number; active: number } {
    const connection = {
      active: 0,
      noNewExchanges: false,
      isNewlyIdle: false,
      idleSince: this.clock.now(),
      expiresAt: this.clock.now() + (idleTimeout ?? this.keepAliveTimeout),
      unreferenced: 0,
      unref: () => (connection.unreferenced += 1),
      drain: () => this.all.delete(connection as unknown as Connection),
    };
    this.all.add(connection as unknown as Connection);
    this.idling.onIdle(connection as unknown as Connection);
    return connection as unknown as Connection & { unreferenced: number; active: number };
  }
}

describe('idle connections', () => {
  it('no longer keep the process alive a moment later, unless they are busy again', () => {
    const world = new World(5_000);
    const idle = world.connection();
    const busy = world.connection();
    for (let times = 0; times < 5; times += 1) world.idling.onIdle(idle);
    busy.active = 1;
    world.clock.advance(idleGrace);
    expect([idle.unreferenced, busy.unreferenced, world.settled]).toEqual([1, 0, 1]);
  });

  it('close when they have been idle for long, each in its time', () => {
    const world = new World(5_000);
    const quick = world.connection(1_000);
    const usual = world.connection();
    world.clock.advance(1_000);
    expect([world.all.has(quick), world.all.has(usual)]).toEqual([false, true]);
    world.clock.advance(4_000);
    expect(world.all.size).toBe(0);
    expect(world.clock.pending).toBe(0);
  });

  it('are looked through now and then, however many come and go', () => {
    const world = new World(5_000);
    // One becomes idle every millisecond for a minute.
    for (let moment = 0; moment < 60_000; moment += 1) {
      world.connection();
      world.clock.advance(1);
    }
    expect(world.looks).toBeLessThan(250);
    expect(world.all.size).toBeLessThanOrEqual(5_000 + 250);
    world.idling.stop();
    expect(world.clock.pending).toBe(0);
  });
});
