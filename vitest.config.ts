import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/{scripts,src,test}/**/*.test.ts', 'apps/*/{src,test}/**/*.test.ts', 'tools/src/**/*.test.ts'],
    // Real sockets on a busy machine: generous, so that only a hang is a timeout.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Tests of sockets and timers must not see what another file left in globals or in the module cache.
    pool: 'forks',
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
