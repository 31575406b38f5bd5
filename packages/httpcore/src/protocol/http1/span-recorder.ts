/**
 * Where llhttp finds the status text, the names and the values of a section: noted by a WebAssembly module of our own, since a call from one module
 * to another costs a tenth of one to JavaScript, and a head takes a dozen of them.
 *
 * The spans of the last piece that was parsed are in {@link spans}: parsing is synchronous and never nested, so one list serves all parsers.
 */

/**
 * The module, which `span-recorder.test.ts` puts together from what it is to do:
 *
 *   (memory (export "memory") 9 9)   ;; words: where the next span goes, what is added to each start, the status, where it paused; spans
 *   (func $note (param $kind i32) (param $start i32) (param $length i32) (result i32) (local $at i32)
 *     (if (i32.gt_u (local.tee $at (i32.load (i32.const 0))) (i32.const 589812)) (then (return (i32.const 24))))  ;; no room: HPE_USER
 *     (i32.store (local.get $at) (local.get $kind))
 *     (i32.store offset=4 (local.get $at) (local.tee $start (i32.add (local.get $start) (i32.load offset=4 (i32.const 0)))))
 *     (i32.store offset=8 (local.get $at) (i32.add (local.get $start) (local.get $length)))
 *     (i32.store (i32.const 0) (i32.add (local.get $at) (i32.const 12)))
 *     (i32.const 0))
 *   (func (export "onStatus") (param i32 i32 i32) (result i32) (call $note (i32.const 0) (local.get 1) (local.get 2)))
 *   (func (export "onName") … (i32.const 1) …)
 *   (func (export "onValue") … (i32.const 2) …)
 *   (func (export "onHead") (param i32 i32 i32 i32) (result i32)
 *     (i32.store offset=8 (i32.const 0) (local.get 1)) (i32.store offset=12 (i32.const 0) (i32.const 1)) (i32.const 21))  ;; HPE_PAUSED
 *   (func (export "onMessage") (param i32) (result i32) (i32.store offset=12 (i32.const 0) (i32.const 2)) (i32.const 21))
 *   (func (export "onNothing") (param i32) (result i32) (i32.const 0))
 *   (func (export "onNothingOf") (param i32 i32 i32) (result i32) (i32.const 0))
 *
 * A name or a value of nothing takes three octets at least: those of 64 KiB have room.
 */
export const spanRecorderBase64: string =
  'AGFzbQEAAAABFQNgA39/fwF/YAR/f39/AX9gAX8BfwMJCAAAAAABAgIABQQBAQkJB1cIBm1lbW9yeQIACG9uU3RhdHVzAAEGb25OYW1lAAIHb25WYWx1ZQADBm9uSGVhZAAE' +
  'CW9uTWVzc2FnZQAFCW9uTm90aGluZwAGC29uTm90aGluZ09mAAcKjgEIQgEBf0EAKAIAIgNB9P8jSwRAQRgPCyADIAA2AgAgAyABQQAoAgRqIgE2AgQgAyABIAJqNgII' +
  'QQAgA0EMajYCAEEACwoAQQAgASACEAALCgBBASABIAIQAAsKAEECIAEgAhAACxIAQQAgATYCCEEAQQE2AgxBFQsLAEEAQQI2AgxBFQsEAEEACwQAQQAL';
export const statusSpan = 0;
export const nameSpan = 1;
export const valueSpan = 2;

/** Where llhttp has paused. */
export const PausedAt = { NOWHERE: 0, HEAD_END: 1, MESSAGE_END: 2 } as const;

/** What llhttp calls; each gives the number that it is to go on with. */
export interface SpanCallbacks {
  onStatus(parser: number, start: number, length: number): number;
  onName(parser: number, start: number, length: number): number;
  onValue(parser: number, start: number, length: number): number;
  /** Pauses. */
  onHead(parser: number, status: number, upgrade: number, keepAlive: number): number;
  /** Pauses. */
  onMessage(parser: number): number;
  onNothing(parser: number): number;
  onNothingOf(parser: number, start: number, length: number): number;
}

// The first words of the module's memory.
const endWord = 0;
const shiftWord = 1;
const statusWord = 2;
const pausedWord = 3;
/** Triples of kind, start and end begin here. */
export const firstSpan = 4;

/** The memory of the module, in words. */
export let spans: Int32Array = new Int32Array(firstSpan);
spans[endWord] = firstSpan * 4;

let recorder: SpanCallbacks | undefined;

/** What notes spans, for llhttp to call. */
export function recordSpans(): SpanCallbacks {
  if (recorder !== undefined) return recorder;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(spanRecorderBase64, 'base64')), {});
  spans = new Int32Array((exports['memory'] as WebAssembly.Memory).buffer);
  clearSpans();
  return (recorder = exports as unknown as SpanCallbacks);
}

/** The index behind the last span. */
export function spansEnd(): number {
  return spans[endWord]! >>> 2;
}

export function clearSpans(): void {
  spans[endWord] = firstSpan * 4;
}

/** Forgets the spans from this index on. */
export function cutSpans(end: number): void {
  spans[endWord] = end * 4;
}

/** A piece is going to be parsed. Its spans are told as offsets: `shift` is added to where llhttp finds them. */
export function beginSpans(shift: number): void {
  clearSpans();
  spans[shiftWord] = shift;
  spans[pausedWord] = PausedAt.NOWHERE;
}

/** One of {@link PausedAt}. */
export function pausedAt(): number {
  return spans[pausedWord]!;
}

/** From an offset of a span to where it is in llhttp's memory. */
export function inputShift(): number {
  return -spans[shiftWord]!;
}

/** Where it has paused at the end of a head: its status. */
export function pausedStatus(): number {
  return spans[statusWord]!;
}
