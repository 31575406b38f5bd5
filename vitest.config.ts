import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

/** Sockets, servers, processes and the timers behind them. */
const integration = ['packages/*/test/integration/**/*.test.ts', 'apps/*/test/**/*.test.ts'];

/** Change globals of the process for good, or must not meet changed ones, or load the packages again. */
const alone = [
  'packages/client/test/integration/fake-timers.test.ts',
  'packages/client/test/integration/fetch-platform.test.ts',
  'packages/httpcore/test/integration/dispatchers/frameworks.test.ts',
  'packages/interop/test/integration/undici/*.test.ts',
  // OpenTelemetry has its providers in globals that are set once.
  'packages/otel/test/integration/*.test.ts',
  'apps/docs/test/snippets.test.ts',
];

export default defineConfig({
  test: {
    // Real sockets and programs on a busy machine: generous, so that only a hang is a timeout.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What does come is looked for often, and waited for long: less than a test, for this tells what was there instead.
    expect: { poll: { interval: 5, timeout: 30_000 } },
    pool: 'forks',
    // One more than there are cores: many tests wait, for a limit in time or a program that starts.
    maxWorkers: availableParallelism() + 1,
    // What a test leaves behind it takes back by itself: a process for each file would load the packages anew in each, a quarter of the whole time.
    isolate: false,
    // Nobody's own authorities: with them each pool would read some hundred certificates, and trust whom a test does not know.
    // Nobody's own proxies, for what talks to this machine alone, programs such as curl among it.
    env: {
      SSL_CERT_FILE: '',
      NODE_EXTRA_CA_CERTS: '',
      ...Object.fromEntries(
        ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [
          [name, ''],
          [name.toUpperCase(), ''],
        ]),
      ),
    },
    unstubEnvs: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/{scripts,src,test}/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tools/src/**/*.test.ts'],
          exclude: integration,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          exclude: alone,
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: alone,
          isolate: true,
        },
      },
    ],
  },
});
