import { describe, expect, it } from 'vitest';

import { plainReadSize, ReadMemory, tlsReadSize } from './read-memory.ts';

/** One read as Node does it: the memory is filled, the chunk delivered, the next memory asked for. */
function read(memory: ReadMemory, length: number, keep = false): { chunk: Uint8Array; kept: boolean; next: Uint8Array } {
  const chunk = memory.deliver(length);
  const kept = keep && memory.keep();
  memory.delivered();
  return { chunk, kept, next: memory.next() };
}

describe('ReadMemory', () => {
  it('shares one buffer between sockets whose reads are small', () => {
    const [one, two] = [new ReadMemory(plainReadSize), new ReadMemory(plainReadSize)];
    expect(one.next()).toBe(two.next());
    const { chunk, kept, next } = read(one, 200, true);
    expect(kept).toBe(false);
    expect(chunk.length).toBe(200);
    expect(next).toBe(two.next());
  });

  it('never gives shared memory away, not even behind a large chunk', () => {
    const memory = new ReadMemory(plainReadSize);
    const shared = memory.next();
    const { kept, next } = read(memory, plainReadSize, true);
    expect(kept).toBe(false);
    expect(next).not.toBe(shared);
  });

  it('gives its own memory away and reads into fresh memory then', () => {
    const memory = new ReadMemory(plainReadSize);
    const own = read(memory, plainReadSize).next;
    const { chunk, kept, next } = read(memory, 40_000, true);
    expect(kept).toBe(true);
    expect(chunk.buffer).toBe(own.buffer);
    expect(next.buffer).not.toBe(own.buffer);
    expect(next.length).toBe(plainReadSize);
  });

  it('reuses its own memory while nobody keeps it', () => {
    const memory = new ReadMemory(plainReadSize);
    const own = read(memory, plainReadSize).next;
    expect(read(memory, plainReadSize).next).toBe(own);
  });

  it('keeps chunks that fill at least half of the memory, and no others', () => {
    const memory = new ReadMemory(plainReadSize);
    read(memory, plainReadSize);
    expect(read(memory, plainReadSize / 2, true).kept).toBe(true);
    expect(read(memory, plainReadSize / 2 - 1, true).kept).toBe(false);
  });

  it('goes back to the shared buffer with the second small read in a row', () => {
    const memory = new ReadMemory(plainReadSize);
    const shared = memory.next();
    const own = read(memory, plainReadSize).next;
    expect(read(memory, 10).next).toBe(own);
    expect(read(memory, 10).next).toBe(shared);
    for (let round = 0; round < 3; round += 1) expect(read(memory, 10).next).toBe(shared);
    expect(read(memory, plainReadSize).next).not.toBe(shared);
  });

  it('gives large chunks away without a copy, whatever small ones are among them', () => {
    const memory = new ReadMemory(tlsReadSize);
    read(memory, tlsReadSize);
    for (let round = 0; round < 5; round += 1) {
      expect(read(memory, 30, true).kept).toBe(false);
      expect(read(memory, tlsReadSize, true).kept).toBe(true);
      expect(read(memory, tlsReadSize - 9, true).kept).toBe(true);
    }
  });

  it('gives the same memory when asked again without a read between', () => {
    const memory = new ReadMemory(plainReadSize);
    const { next } = read(memory, plainReadSize);
    expect(memory.next()).toBe(next);
    expect(memory.next()).toBe(next);
  });

  it('keeps only during a delivery', () => {
    const memory = new ReadMemory(plainReadSize);
    read(memory, plainReadSize);
    read(memory, plainReadSize);
    expect(memory.keep()).toBe(false);
  });

  it('counts a whole TLS record as large', () => {
    const memory = new ReadMemory(tlsReadSize);
    expect(read(memory, tlsReadSize).next.length).toBe(tlsReadSize);
  });
});
