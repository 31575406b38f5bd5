import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exceptionFor, exceptions, filesLeftOut } from './exceptions.ts';

const root = join(import.meta.dirname, '../../../..');

describe('what is left out on other runtimes', () => {
  it('is in files that are there, and has a reason', () => {
    for (const { tests, why, on } of exceptions) {
      expect(why).not.toBe('');
      expect(on).not.toContain('node');
      for (const file of Object.keys(tests)) expect(existsSync(join(root, file)), file).toBe(true);
    }
  });

  it('is nothing on Node', () => {
    expect(filesLeftOut('node')).toEqual([]);
  });

  it('is found by a part of its name, on its runtime', () => {
    const file = 'packages/httpcore/src/net/lend-memory.test.ts';
    expect(exceptionFor('bun', file, 'memory lent to a socket > is possible')).toMatch(/read as a stream/);
    expect(exceptionFor('bun', file, 'something else')).toBeUndefined();
    expect(exceptionFor('deno', file, 'memory lent to a socket > is possible')).toBeUndefined();
  });
});
