/** Writes the tables of `apps/docs/cli.md` anew: `npm --prefix apps/cli run guide`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withTables } from '../src/manual/guide.ts';

const guide = new URL('../../docs/cli.md', import.meta.url);
writeFileSync(guide, withTables(readFileSync(guide, 'utf8')));
