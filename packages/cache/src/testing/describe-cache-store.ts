import { cases, type CacheStoreSubject } from './cache-store-cases.ts';

/** The functions of a test runner: those of `vitest`, or of `node:test`. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** The runner of tests, and how a store to be tested is made. */
export interface DescribeCacheStoreOptions extends TestFunctions {
  /** Makes an empty store; called for each test. */
  readonly setUp: () => CacheStoreSubject | Promise<CacheStoreSubject>;
}

/**
 * Proves that a store keeps what `CacheStore` promises: what is written is found, whole or not at all; what is replaced, deleted or broken is not; bodies
 * come in the ranges that they are asked for, and belong to nobody else.
 *
 * @example
 * import { describe, it } from 'vitest';
 * describeCacheStore('my store', { describe, it, setUp: () => ({ store: new MyStore() }) });
 */
export function describeCacheStore(name: string, options: DescribeCacheStoreOptions): void {
  const { describe, it, setUp } = options;
  describe(`${name} as a cache store`, () => {
    for (const each of cases) {
      it(each.name, async () => {
        const subject = await setUp();
        try {
          await each.run(subject);
        } finally {
          await subject.store.close?.();
          await subject.close?.();
        }
      });
    }
  });
}
