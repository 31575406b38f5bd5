import { defineConfig } from 'vitest/config';

/** What needs a browser and the built site; `npm test` in the root runs the rest. */
export default defineConfig({ test: { include: ['browser/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } });
