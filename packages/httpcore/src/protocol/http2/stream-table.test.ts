import { describe, expect, it } from 'vitest';

import { seededRandom } from '../../../test/support/seeded-random.ts';
import { StreamTable } from './stream-table.ts';

interface Numbered {
  readonly id: number;
}

describe('the table of open streams', () => {
  it.each([1, 2, 3, 4, 5])('holds what a Map would hold, whatever comes and goes (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const table = new StreamTable<Numbered>();
    const model = new Map<number, Numbered>();
    let nextId = 1;
    for (let step = 0; step < 5_000; step++) {
      const wantsMore = random(10) < (step % 1_000 < 500 ? 6 : 4);
      if (wantsMore) {
        const stream = { id: nextId };
        // Pushed or refused streams leave gaps, so that homes collide.
        nextId += 2 * (1 + random(40));
        table.add(stream);
        model.set(stream.id, stream);
      } else {
        const ids = [...model.keys()];
        const id = ids.length === 0 ? nextId : ids[random(ids.length)]!;
        table.delete(id);
        model.delete(id);
        expect(table.get(id)).toBeUndefined();
      }
      expect(table.size).toBe(model.size);
    }
    for (const [id, stream] of model) expect(table.get(id)).toBe(stream);
    expect(new Set(table.all())).toEqual(new Set(model.values()));
  });

  it('lets go of one that is not there without a trace', () => {
    const table = new StreamTable<Numbered>();
    table.add({ id: 1 });
    table.delete(33);
    table.delete(7);
    expect(table.all()).toEqual([{ id: 1 }]);
  });

  it('may be changed while what was open is gone through', () => {
    const table = new StreamTable<Numbered>();
    for (let id = 1; id < 40; id += 2) table.add({ id });
    const seen: number[] = [];
    for (const { id } of table.all()) {
      table.delete(id);
      seen.push(id);
    }
    expect(seen).toHaveLength(20);
    expect(table.size).toBe(0);
  });
});
