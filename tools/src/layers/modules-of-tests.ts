/** Tests reach into every corner of their own package, and into other packages through the front door. */
export const modulesOfTests: readonly string[] = [
  'node:*',
  '*',
  '@x/httpcore',
  '@x/httpcore/testing',
  '@x/client',
  '@x/client/testing',
  '@x/interop/connect',
  '@x/interop/node',
  '@x/interop/smithy',
  '@x/interop/undici',
  '@x/cache',
  '@x/cache/files',
  '@x/cache/redis',
  '@x/cache/sqlite',
  '@x/cache/testing',
  '@x/testbed',
];
