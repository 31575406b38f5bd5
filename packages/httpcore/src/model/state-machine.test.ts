import { describe, expect, it } from 'vitest';

import { StateMachine } from './state-machine.ts';

const { states, events } = makeDoor();

function makeDoor(): StateMachine<'open' | 'closed' | 'locked', 'close' | 'open' | 'lock'> {
  return new StateMachine('door', { open: { close: 'closed' }, closed: { open: 'open', lock: 'locked' }, locked: {} });
}

describe('a state machine', () => {
  it('goes where its table says', () => {
    const door = makeDoor();
    expect(door.after(states.open, events.close)).toBe(states.closed);
    expect(door.after(states.closed, events.open)).toBe(states.open);
    expect(door.after(states.closed, events.lock)).toBe(states.locked);
  });

  it.each([
    [states.open, events.lock, 'door: lock in state open'],
    [states.locked, events.open, 'door: open in state locked'],
  ])('says what was wrong where its table says nothing', (state, event, message) => {
    expect(() => makeDoor().after(state, event)).toThrow(message);
  });
});
