import { expect, it } from 'vitest';

import {
  beginSpans,
  firstSpan,
  PausedAt,
  pausedAt,
  pausedStatus,
  recordSpans,
  spanRecorderBase64,
  spans,
  spansEnd,
} from './span-recorder.ts';

// A few words of WebAssembly (its specification, §5), enough to write the module down.
const i32 = 0x7f;
const end = 0x0b;
const unsigned = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]);
function signed(value: number): number[] {
  const rest = value >> 7;
  const isLast = rest === 0 && (value & 0x40) === 0;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(rest)];
}
const section = (id: number, entries: readonly (readonly number[])[]): number[] => {
  const content = [...unsigned(entries.length), ...entries.flat()];
  return [id, ...unsigned(content.length), ...content];
};
const text = (name: string): number[] => [name.length, ...Buffer.from(name)];
const code = (locals: readonly number[], ...instructions: readonly (readonly number[])[]): number[] => {
  const body = [...locals, ...instructions.flat(), end];
  return [...unsigned(body.length), ...body];
};
const type = (parameters: number): number[] => [0x60, parameters, ...Array.from({ length: parameters }, () => i32), 1, i32];
const constant = (value: number): number[] => [0x41, ...signed(value)];
const get = (local: number): number[] => [0x20, local];
const tee = (local: number): number[] => [0x22, local];
const load = (offset: number): number[] => [0x28, 2, offset];
const store = (offset: number): number[] => [0x36, 2, offset];
const add = [0x6a];
const isGreater = [0x4b];
const callNote = [0x10, 0];

function assembled(): Buffer {
  const none = [0];
  const [kind, start, length, at] = [0, 1, 2, 3] as const;
  const note = code(
    [1, 1, i32],
    constant(0),
    load(0),
    tee(at),
    constant(9 * 65_536 - 12),
    isGreater,
    [0x04, 0x40],
    constant(24),
    [0x0f],
    [end],
    get(at),
    get(kind),
    store(0),
    get(at),
    get(start),
    constant(0),
    load(4),
    add,
    tee(start),
    store(4),
    get(at),
    get(start),
    get(length),
    add,
    store(8),
    constant(0),
    get(at),
    constant(12),
    add,
    store(0),
    constant(0),
  );
  const noteAs = (spanKind: number): number[] => code(none, constant(spanKind), get(1), get(2), callNote);
  const onHead = code(none, constant(0), get(1), store(8), constant(0), constant(1), store(12), constant(21));
  const onMessage = code(none, constant(0), constant(2), store(12), constant(21));
  const nothing = code(none, constant(0));
  const names = ['onStatus', 'onName', 'onValue', 'onHead', 'onMessage', 'onNothing', 'onNothingOf'];
  return Buffer.from([
    0,
    ...Buffer.from('asm'),
    1,
    0,
    0,
    0,
    ...section(1, [type(3), type(4), type(1)]),
    ...section(3, [[0], [0], [0], [0], [1], [2], [2], [0]]),
    ...section(5, [[1, 9, 9]]),
    ...section(7, [[...text('memory'), 2, 0], ...names.map((name, index) => [...text(name), 0, index + 1])]),
    ...section(10, [note, noteAs(0), noteAs(1), noteAs(2), onHead, onMessage, nothing, nothing]),
  ]);
}

it('is the module that it says it is', () => {
  expect(assembled().toString('base64')).toBe(spanRecorderBase64);
});

it('notes spans as offsets, pauses where a head and a message end, and refuses what it has no room for', () => {
  const recorder = recordSpans();
  beginSpans(-1_000);
  expect([recorder.onStatus(7, 1_009, 2), recorder.onName(7, 1_013, 4), recorder.onValue(7, 1_019, 3)]).toEqual([0, 0, 0]);
  expect(Array.from(spans.subarray(firstSpan, spansEnd()))).toEqual([0, 9, 11, 1, 13, 17, 2, 19, 22]);
  expect([pausedAt(), recorder.onHead(7, 404, 0, 1), pausedAt(), pausedStatus()]).toEqual([PausedAt.NOWHERE, 21, PausedAt.HEAD_END, 404]);
  expect([recorder.onMessage(7), pausedAt(), recorder.onNothing(7), recorder.onNothingOf(7, 1, 2)]).toEqual([
    21,
    PausedAt.MESSAGE_END,
    0,
    0,
  ]);
  beginSpans(0);
  let noted = 0;
  while (recorder.onName(7, noted, 1) === 0) noted += 1;
  expect(noted).toBeGreaterThan((65_536 / 3) * 2);
  expect(Array.from(spans.subarray(spansEnd() - 3, spansEnd()))).toEqual([1, noted - 1, noted]);
  beginSpans(0);
});
