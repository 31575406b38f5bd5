// node clean.mjs <path>...: a build must not leave behind what an earlier one wrote.
import { rmSync } from 'node:fs';
import { argv } from 'node:process';

for (const path of argv.slice(2)) rmSync(path, { recursive: true, force: true });
