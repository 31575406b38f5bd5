import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { root } from '../workspace.ts';
import { drawPictures } from './pictures.ts';

it('the pictures of the guides are what the sources do', async () => {
  for (const [file, svg] of await drawPictures()) {
    // Out of date? `pnpm drawings`, and look at it.
    expect(readFileSync(join(root, file), 'utf8') === svg, file).toBe(true);
  }
});
