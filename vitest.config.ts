import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

/** Sockets, servers, processes and the timers behind them. */
const integration = ['packages/*/test/integration/**/*.test.ts', 'apps/*/test/**/*.test.ts'];

export default defineConfig({
  test: {
    // Real sockets on a busy machine: generous, so that only a hang is a timeout.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    // One for each core: by itself vitest leaves one free, which is half of a small machine.
    maxWorkers: availableParallelism(),
    unstubEnvs: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/{scripts,src,test}/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tools/src/**/*.test.ts'],
          exclude: integration,
          // What a test of this kind leaves behind it takes back by itself; a process for each file would cost more than all that is in it.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          // Must not see what another file left in globals, in the module cache, or open.
          isolate: true,
        },
      },
    ],
  },
});
