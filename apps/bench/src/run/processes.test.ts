import { describe, expect, test } from 'vitest';
import { capture, plainEnvironment, startPinned, stopProcess } from './processes.ts';

const program = process.execPath;
const quiet = { core: null, program, env: plainEnvironment(), timeout: 15_000 };

describe('a captured run', () => {
  test('gives what was written to stdout', async () => {
    expect(await capture({ ...quiet, args: ['-p', '6 * 7'] })).toBe('42\n');
  });

  test('fails with what was written to stderr', async () => {
    await expect(capture({ ...quiet, args: ['-e', 'console.error("no such luck"); process.exit(3)'] })).rejects.toThrow('no such luck');
  });

  test('fails with the exit code when nothing was said', async () => {
    await expect(capture({ ...quiet, args: ['-e', 'process.exit(3)'] })).rejects.toThrow('ended with 3');
  });

  test('ends a process that hangs', async () => {
    await expect(capture({ ...quiet, timeout: 300, args: ['-e', 'setInterval(() => {}, 1000)'] })).rejects.toThrow('gave no result');
  });

  test('fails when there is no such program', async () => {
    await expect(capture({ ...quiet, program: '/nowhere/to/be/found', args: [] })).rejects.toThrow('ENOENT');
  });
});

test('a stopped process has ended', async () => {
  const child = startPinned(null, program, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await stopProcess(child);
  expect(child.signalCode).toBe('SIGTERM');
  await stopProcess(child);
});

test('the environment of measured processes has no proxy and no Node options', () => {
  process.env['HTTP_PROXY'] = 'http://127.0.0.1:1';
  process.env['NODE_OPTIONS'] = '--no-warnings';
  try {
    const env = plainEnvironment({ EXTRA: 'yes' });
    expect(env['PATH']).toBe(process.env['PATH']);
    expect(env).toMatchObject({ EXTRA: 'yes' });
    expect(env).not.toHaveProperty('HTTP_PROXY');
    expect(env).not.toHaveProperty('NODE_OPTIONS');
  } finally {
    delete process.env['HTTP_PROXY'];
    delete process.env['NODE_OPTIONS'];
  }
});
