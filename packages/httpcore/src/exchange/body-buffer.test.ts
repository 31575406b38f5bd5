import { expect, it } from 'vitest';

import { ReadError } from '../contract/errors.ts';
import { BodyBuffer } from './body-buffer.ts';

const chunk = (value: number): Uint8Array<ArrayBuffer> => new Uint8Array([value]);

it('gives back what was put in, in order, over many', () => {
  const buffer = new BodyBuffer();
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
  const buffer = new BodyBuffer();
  const woken = Promise.all([buffer.changed(), buffer.changed()]);
  buffer.push(chunk(1));
  await woken;
  const ended = buffer.changed();
  buffer.end([]);
  await ended;
  expect(buffer.ended).toBe(true);
  const failing = new BodyBuffer();
  const failed = failing.changed();
  failing.fail(new ReadError('gone'));
  await failed;
  expect(failing.error).toBeInstanceOf(ReadError);
});

it('keeps a part when the whole does not come, and drops what comes after', () => {
  const buffer = new BodyBuffer();
  buffer.push(chunk(1));
  buffer.fail(new ReadError('gone'));
  buffer.push(chunk(2));
  buffer.end([]);
  expect([buffer.take(), buffer.take(), buffer.size, buffer.ended]).toEqual([chunk(1), undefined, 0, false]);
});
