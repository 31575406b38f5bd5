// `npm run pictures` in this folder, and `pnpm drawings` in the root: writes the pictures of the guides anew. A test fails where they are out of date.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../workspace.ts';
import { drawPictures } from './pictures.ts';

for (const [file, svg] of await drawPictures()) writeFileSync(join(root, file), svg);
