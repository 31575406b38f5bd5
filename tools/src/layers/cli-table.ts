/** Who may import whom within `@x/cli`: rows of the table. The client is loaded when a call needs it, so that help and completions do without. */
import type { Layer } from './layer.ts';

const cli = 'apps/cli/src';

export const cliLayers: readonly Layer[] = [
  // What the program meets outside of itself, and how it ends.
  {
    layer: 'cli/ground',
    files: [`${cli}/io.ts`, `${cli}/usage-error.ts`, `${cli}/exit-codes.ts`, `${cli}/version.ts`],
    imports: [],
    modules: ['node:fs'],
  },
  { layer: 'cli/files', files: [`${cli}/files/`], imports: ['cli/ground'], modules: ['node:crypto', 'node:fs/promises', 'node:path'] },
  { layer: 'cli/options', files: [`${cli}/options/`], imports: ['cli/ground', 'cli/files'], modules: ['node:path', 'commander'] },
  // What is to be sent, before anything is.
  { layer: 'cli/items', files: [`${cli}/items/`], imports: ['cli/ground'] },
  { layer: 'cli/plan', files: [`${cli}/plan/`], imports: ['cli/ground', 'cli/files', 'cli/options', 'cli/items'] },
  {
    layer: 'cli/output',
    files: [`${cli}/output/`],
    imports: ['cli/ground', 'cli/files', 'cli/options'],
    modules: ['@x/client', '@x/figures'],
  },
  {
    layer: 'cli/sessions',
    files: [`${cli}/sessions/`],
    imports: ['cli/ground', 'cli/files', 'cli/options', 'cli/plan', 'cli/output'],
    modules: ['node:fs/promises', 'node:path'],
    types: ['@x/client'],
  },
  {
    layer: 'cli/network',
    files: [`${cli}/network/`],
    imports: ['cli/ground', 'cli/files', 'cli/options', 'cli/plan', 'cli/sessions'],
    modules: ['node:*', '@x/client', '@x/httpcore/guard'],
  },
  {
    layer: 'cli/call',
    files: [`${cli}/call/`],
    imports: ['cli/ground', 'cli/files', 'cli/options', 'cli/plan', 'cli/output', 'cli/sessions', 'cli/network'],
    modules: ['node:*', '@x/client', '@x/client/testing', '@x/figures', '@x/httpcore'],
  },
  // What can be done with a call: keep it, do it many times, look at its way.
  {
    layer: 'cli/download',
    files: [`${cli}/download/`],
    imports: ['cli/ground', 'cli/files', 'cli/options', 'cli/plan', 'cli/output', 'cli/sessions', 'cli/call'],
    modules: ['node:fs/promises', 'node:path', '@x/client', '@x/figures'],
  },
  {
    layer: 'cli/repeat',
    files: [`${cli}/repeat/`],
    imports: ['cli/ground', 'cli/files', 'cli/options', 'cli/plan', 'cli/output', 'cli/sessions', 'cli/call'],
    modules: ['@x/figures'],
    types: ['@x/client'],
  },
  {
    layer: 'cli/curl',
    files: [`${cli}/curl/`],
    imports: ['cli/ground', 'cli/files', 'cli/options', 'cli/plan', 'cli/call', 'cli/download'],
    modules: ['node:fs/promises', '@x/client'],
  },
  {
    layer: 'cli/doctor',
    files: [`${cli}/doctor/`],
    imports: ['cli/ground', 'cli/files', 'cli/options', 'cli/plan', 'cli/output', 'cli/sessions', 'cli/network', 'cli/call'],
    modules: ['node:*', '@x/cache', '@x/client', '@x/figures'],
  },
  // Made of the tables.
  { layer: 'cli/manual', files: [`${cli}/manual/`], imports: ['cli/ground', 'cli/options', 'cli/curl'] },
  { layer: 'cli/completions', files: [`${cli}/completions/`], imports: ['cli/ground', 'cli/options'] },
  { layer: 'cli/main', files: [`${cli}/main.ts`], imports: ['cli/*'] },
  { layer: 'cli/bin', files: [`${cli}/bin.ts`, `${cli}/ask-secret.ts`], imports: ['cli/*'], modules: ['node:*'] },
];
