import { describe, expect, it } from 'vitest';
import { essentialArrows, floorsOf, houseOf, type House } from './house.ts';
import { svgOf } from './svg.ts';

const purposes = { index: 'face', 'high/': 'decides', 'low/': 'does' };

function house(sources: Record<string, string>): House {
  return houseOf(new Map(Object.entries(sources)), 'p/src/', purposes);
}

const small = {
  'p/src/index.ts': "export { a } from './high/a.ts'; export { c } from './low/c.ts';",
  'p/src/high/a.ts': "import './b.ts'; import type { C } from '../low/c.ts';",
  'p/src/high/b.ts': '',
  'p/src/low/c.ts': '',
};

describe('a house', () => {
  it('has a room for each folder, and an arrow for what its files import', () => {
    expect(house(small)).toEqual({
      rooms: [
        { name: 'high/', purpose: 'decides' },
        { name: 'index', purpose: 'face' },
        { name: 'low/', purpose: 'does' },
      ],
      arrows: [
        ['high/', 'low/'],
        ['index', 'high/'],
        ['index', 'low/'],
      ],
    });
  });

  it('is drawn without the arrows that others imply, each room below those that import it', () => {
    expect(essentialArrows(house(small))).toEqual([
      ['high/', 'low/'],
      ['index', 'high/'],
    ]);
    expect(floorsOf(house(small)).map((floor) => floor.map(({ name }) => name))).toEqual([['index'], ['high/'], ['low/']]);
    expect(svgOf(house(small), 'a house').match(/<rect class="room"|<path class="arrow"/g)).toHaveLength(5);
  });

  it('is refused where its rooms import one another, and where nobody says what a room is for', () => {
    expect(() => floorsOf(house({ ...small, 'p/src/low/c.ts': "import '../high/b.ts';" }))).toThrow('high/ → low/');
    expect(() => house({ ...small, 'p/src/attic/x.ts': '' })).toThrow('what p/src/attic/ is for');
  });
});
