import { describe, expect, it } from 'vitest';

import { ClientClosed } from '../errors.ts';
import { Lifetime } from './lifetime.ts';

describe('a lifetime', () => {
  it('goes from open to closing to closed, and never back', () => {
    const life = new Lifetime();
    expect(life.state).toBe('open');
    life.moveTo('closing');
    expect(() => life.enter()).toThrow(ClientClosed);
    life.moveTo('closed');
    for (const state of ['open', 'closing', 'closed'] as const) expect(() => life.moveTo(state)).toThrow(/can not be/);
  });

  it('is idle once its calls and those of its children have ended', async () => {
    const parent = new Lifetime();
    const child = new Lifetime(parent);
    parent.enter();
    child.enter();
    let idle = false;
    const waiting = parent.idle().then(() => (idle = true));
    parent.leave();
    await null;
    expect(idle).toBe(false);
    child.leave();
    await waiting;
    expect(idle).toBe(true);
    await child.idle();
  });

  it('ends with its parent at the latest', () => {
    const parent = new Lifetime();
    const child = new Lifetime(parent);
    parent.moveTo('closing');
    expect(child.state).toBe('closing');
    expect(() => child.enter()).toThrow(/client is closing/);
    expect(new Lifetime().state).toBe('open');
  });

  it('lets nobody wait after it was closed with calls under way', async () => {
    const life = new Lifetime();
    life.enter();
    const waiting = life.idle();
    life.moveTo('closed');
    await expect(waiting).resolves.toBeUndefined();
    await expect(life.idle()).resolves.toBeUndefined();
    life.leave();
  });
});
