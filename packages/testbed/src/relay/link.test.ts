import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Link } from './link.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function open(delay: number, rate: number): { readonly link: Link; readonly arrived: string[]; emptied: number } {
  const arrived: string[] = [];
  const seen = {
    arrived,
    emptied: 0,
    link: new Link(
      { delay, rate },
      (bytes) => arrived.push(`${bytes.length} at ${performance.now()}`),
      () => (seen.emptied += 1),
    ),
  };
  return seen;
}

describe('a link', () => {
  test('brings each chunk when its last byte has passed, the delay later', () => {
    const { link, arrived } = open(50, 8_000_000);
    link.send(Buffer.alloc(10_000));
    link.send(Buffer.alloc(20_000));
    vi.advanceTimersByTime(59);
    expect(arrived).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(arrived).toEqual(['10000 at 60', '20000 at 80']);
    expect(link.isEmpty).toBe(true);
  });

  test('is free again when the last of it has left', () => {
    const { link, arrived } = open(0, 8_000_000);
    for (let chunk = 0; chunk < 10; chunk += 1) link.send(Buffer.alloc(1_000));
    vi.advanceTimersByTime(10);
    expect(arrived).toHaveLength(10);
    link.send(Buffer.alloc(1_000));
    vi.advanceTimersByTime(1);
    expect(arrived.at(-1)).toBe('1000 at 11');
  });

  test('is full when as much is in it as it can hold, and says when there is room again', () => {
    const seen = open(100, 800_000_000);
    // 10 MB are under way at this rate and delay, and a router holds some more.
    let sent = 0;
    for (; !seen.link.isFull; sent += 100_000) seen.link.send(Buffer.alloc(100_000));
    expect(sent).toBeGreaterThan(10_000_000);
    expect(sent).toBeLessThan(11_000_000);
    vi.advanceTimersByTime(150);
    expect(seen.link.isFull).toBe(false);
    expect(seen.emptied).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(seen.emptied).toBe(2);
  });

  test('brings nothing once it is closed', () => {
    const { link, arrived } = open(10, Infinity);
    link.send(Buffer.alloc(10));
    link.close();
    link.send(Buffer.alloc(10));
    vi.advanceTimersByTime(100);
    expect(arrived).toEqual([]);
  });
});
