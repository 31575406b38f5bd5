import { describe, expect, it } from 'vitest';
import { circlesIn, importGraph } from './circles.ts';

function circles(sources: Record<string, string>): string[][] {
  return circlesIn(importGraph(new Map(Object.entries(sources))));
}

describe('circles of files', () => {
  it('are found around corners, and through types alone', () => {
    expect(
      circles({
        'p/a.ts': "import { b } from './sub/b.ts';",
        'p/sub/b.ts': "import type { C } from '../c.ts';",
        'p/c.ts': "export type { A } from './a.ts';",
        'p/d.ts': "import './a.ts';",
      }),
    ).toEqual([['p/a.ts', 'p/sub/b.ts', 'p/c.ts']]);
  });

  it('are not made by two ways to one file', () => {
    expect(circles({ 'a.ts': "import './b.ts'; import './c.ts';", 'b.ts': "import './c.ts';", 'c.ts': '' })).toEqual([]);
  });

  it('are as small as one file', () => {
    expect(circles({ 'a.ts': "import './a.ts';" })).toEqual([['a.ts']]);
  });

  it('are told one by one', () => {
    expect(
      circles({ 'a.ts': "import './b.ts';", 'b.ts': "import './a.ts';", 'c.ts': "import './d.ts';", 'd.ts': "import './c.ts';" }),
    ).toHaveLength(2);
  });
});
