// The suites of the core and the client, for runtimes other than Node: what `../suite.ts` runs there.

import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { filesLeftOut } from './exceptions.ts';
import { runtime } from './runtime.ts';

const root = join(import.meta.dirname, '../../../..');
const left = filesLeftOut(runtime());

export default defineConfig({
  root,
  test: {
    pool: 'forks',
    isolate: false,
    // Nobody's own authorities and proxies, as in the whole suite.
    env: {
      SSL_CERT_FILE: '',
      NODE_EXTRA_CA_CERTS: '',
      http_proxy: '',
      HTTP_PROXY: '',
      https_proxy: '',
      HTTPS_PROXY: '',
      no_proxy: '',
      NO_PROXY: '',
    },
    unstubEnvs: true,
    unstubGlobals: true,
    include:
      process.env['SUITE_PART'] === 'sockets'
        ? ['packages/httpcore/test/integration/{http1,http2}/**/*.test.ts']
        : [
            'packages/{httpcore,client}/src/**/*.test.ts',
            'packages/httpcore/test/{conformance,integration/dispatchers}/**/*.test.ts',
            'packages/client/test/client/**/*.test.ts',
          ],
    exclude: [...left, '**/dispatchers/{frameworks,process}.test.ts'],
    setupFiles: [join(import.meta.dirname, 'leave-out.ts')],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { interval: 5, timeout: 30_000 } },
  },
});
