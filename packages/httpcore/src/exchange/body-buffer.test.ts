import { expect, it } from 'vitest';

import { ReadError } from '../contract/errors.ts';
import { BodyBuffer } from './body-buffer.ts';
import { BodyMemory } from './body-memory.ts';

const chunk = (value: number): Uint8Array<ArrayBuffer> => new Uint8Array([value]);

it('gives back what was put in, in order, over many', () => {
  const buffer = new BodyBuffer(null);
  const taken: number[] = [];
  for (let round = 0; round < 200; round += 1) {
    buffer.push(chunk(round));
    buffer.push(chunk(round));
    taken.push(buffer.take()![0]!);
  }
  expect(buffer.size).toBe(200);
  for (let next = buffer.take(); next !== undefined; next = buffer.take()) taken.push(next[0]!);
  expect(taken).toEqual(Array.from({ length: 400 }, (_, index) => index >> 1));
  expect([buffer.size, buffer.received, buffer.ended]).toEqual([0, 400, false]);
});

it('wakes everyone who waits, at a chunk, the end and an error', async () => {
  const buffer = new BodyBuffer(null);
  const woken = Promise.all([buffer.changed(), buffer.changed()]);
  buffer.push(chunk(1));
  await woken;
  const ended = buffer.changed();
  buffer.end([]);
  await ended;
  expect(buffer.ended).toBe(true);
  const failing = new BodyBuffer(null);
  const failed = failing.changed();
  failing.fail(new ReadError('gone'));
  await failed;
  expect(failing.error).toBeInstanceOf(ReadError);
});

it('keeps a part when the whole does not come, and drops what comes after', () => {
  const buffer = new BodyBuffer(null);
  buffer.push(chunk(1));
  buffer.fail(new ReadError('gone'));
  buffer.push(chunk(2));
  buffer.end([]);
  expect([buffer.take(), buffer.take(), buffer.size, buffer.ended]).toEqual([chunk(1), undefined, 0, false]);
});

it('gathers small pieces while nobody takes them, and gives them back in order and exactly', () => {
  const memory = new BodyMemory(1_000_000, () => 0);
  const buffer = new BodyBuffer(memory);
  const source = Uint8Array.from({ length: 3_000 }, (_, index) => index);
  // The first is handed on as it came, like whatever is taken at once.
  expect(buffer.gather(source, 0, 1)).toBe(false);
  const expected: number[] = [];
  let chunks = 0;
  const put = (length: number): void => {
    const from = expected.length % 200;
    if (!buffer.gather(source, from, from + length)) buffer.push(source.slice(from, from + length));
    for (let index = from; index < from + length; index += 1) expected.push(source[index]!);
  };
  for (const length of [1, 1, 1, 2_000, 3, ...Array.from({ length: 30_000 }, () => 1), 1_025, 5]) put(length);
  expect([buffer.size, memory.held]).toEqual([expected.length, expected.length]);
  const taken: number[] = [];
  for (let next = buffer.take(); next !== undefined; next = buffer.take()) {
    expect(next.buffer.byteLength).toBe(next.length);
    taken.push(...next);
    chunks += 1;
    if (chunks === 3) put(7);
  }
  expect(taken).toEqual(expected);
  expect(chunks).toBeLessThan(15);
  expect([buffer.size, memory.held]).toEqual([0, 0]);
});

it('counts in the memory of the pool until it is whole, has failed or is dropped', () => {
  const memory = new BodyMemory(1_000_000, () => 0);
  const ends: ((buffer: BodyBuffer) => void)[] = [
    (buffer) => buffer.end([]),
    (buffer) => buffer.fail(new ReadError('gone')),
    (buffer) => void buffer.discard(),
    (buffer) => void buffer.takeAll(),
  ];
  for (const end of ends) {
    const buffer = new BodyBuffer(memory);
    buffer.push(new Uint8Array(100));
    buffer.gather(new Uint8Array(10), 0, 10);
    expect(memory.held).toBe(110);
    end(buffer);
    expect(memory.held).toBe(0);
    while (buffer.take() !== undefined);
    buffer.discard();
    expect(memory.held).toBe(0);
  }
});

it('shows what has come whole and in one piece, until somebody begins to read it', () => {
  const buffer = new BodyBuffer(null);
  buffer.push(chunk(1));
  expect(buffer.unread).toBeUndefined();
  buffer.end([]);
  expect(buffer.unread).toEqual(chunk(1));
  expect([buffer.size, buffer.take(), buffer.unread]).toEqual([1, chunk(1), undefined]);

  const claimed = new BodyBuffer(null);
  claimed.end([]);
  expect(claimed.unread).toEqual(new Uint8Array(0));
  claimed.isClaimed = true;
  expect(claimed.unread).toBeUndefined();

  const inPieces = new BodyBuffer(null);
  inPieces.push(chunk(1));
  inPieces.push(chunk(2));
  inPieces.end([]);
  expect(inPieces.unread).toBeUndefined();

  const closed = new BodyBuffer(null);
  closed.push(chunk(1));
  closed.end([]);
  closed.discard();
  expect(closed.unread).toBeUndefined();

  const broken = new BodyBuffer(null);
  broken.push(chunk(1));
  broken.fail(new ReadError('gone'));
  expect(broken.unread).toBeUndefined();
});
