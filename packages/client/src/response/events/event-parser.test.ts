import { describe, expect, it } from 'vitest';

import { EventParser, type ServerSentEvent } from './event-parser.ts';

interface Parsed {
  readonly events: readonly ServerSentEvent[];
  readonly lastId: string;
  readonly retry: number | undefined;
}

function parse(pieces: readonly Uint8Array[], maxEventSize = 1_000): Parsed {
  const parser = new EventParser(maxEventSize);
  const events = pieces.flatMap((piece) => parser.push(piece));
  return { events, lastId: parser.lastId, retry: parser.retry };
}

/** The same, wherever the bytes are cut: once at every point, and at all of them. */
function parseEverySplit(text: string, maxEventSize?: number): Parsed {
  const bytes = Buffer.from(text);
  const whole = parse([bytes], maxEventSize);
  for (let cut = 1; cut < bytes.length; cut++) {
    expect(parse([bytes.subarray(0, cut), bytes.subarray(cut)], maxEventSize), `cut at ${cut}`).toEqual(whole);
  }
  expect(
    parse(
      Array.from(bytes, (byte) => Uint8Array.of(byte)),
      maxEventSize,
    ),
  ).toEqual(whole);
  return whole;
}

const event = (data: string, id = '', name = 'message', retry?: number): ServerSentEvent => ({ event: name, data, id, retry });

describe('the last event id', () => {
  it('is set by an event that has no data', () => {
    expect(parseEverySplit('id: 1\ndata: a\n\nid: 2\n\n')).toEqual({ events: [event('a', '1')], lastId: '2', retry: undefined });
    expect(parseEverySplit('id:2\n\ndata: a\n\n: comment\n\ndata: b\n\n').events).toEqual([event('a', '2'), event('b', '2')]);
  });

  it('is not set before the event is whole', () => {
    expect(parseEverySplit('id: 1\ndata: a\n\nid: 2\ndata: b\n').lastId).toBe('1');
  });

  it('is set by the last field of an event, wherever that stands', () => {
    expect(parseEverySplit('data: a\nid: 1\nid:  2\n\n').events).toEqual([event('a', ' 2')]);
  });

  it('is reset by an empty one', () => {
    for (const field of ['id', 'id:', 'id: ']) {
      expect(parseEverySplit(`id: 1\n\n${field}\n\ndata: a\n\n`)).toEqual({ events: [event('a')], lastId: '', retry: undefined });
    }
  });

  it('is not set by one with a NUL, nor by other fields', () => {
    expect(parseEverySplit('id: 1\n\nid: 2\0\n\nidea: 3\n\n id: 4\n\nID: 5\n\n').lastId).toBe('1');
  });

  it('outlives the stream, but not that of an event which was cut off', () => {
    const parser = new EventParser(1_000);
    parser.push(Buffer.from('id: 1\n\nid: 2\ndata: b'));
    parser.restart();
    expect(parser.push(Buffer.from('data: c\n\n'))).toEqual([event('c', '1')]);
    expect(parser.lastId).toBe('1');
  });
});

describe('an event stream', () => {
  it.each(['\n', '\r\n', '\r'])('may end its lines in %j', (end) => {
    const lines = ['\ufeff: hello', 'event: grüße', 'id: 1', 'data: a', 'data', 'data:  b', 'retry: 20', '', '', 'data:c', '', 'data: cut'];
    expect(parseEverySplit(lines.join(end))).toEqual({
      events: [event('a\n\n b', '1', 'grüße', 20), event('c', '1', 'message', 20)],
      lastId: '1',
      retry: 20,
    });
  });

  it('may mix them', () => {
    expect(parseEverySplit('data: a\r\rdata: b\n\r\ndata: c\r\n\n').events).toEqual([event('a'), event('b'), event('c')]);
  });

  it('is not waited for once an event is whole', () => {
    const parser = new EventParser(1_000);
    expect(parser.push(Buffer.from('data: a\r\r'))).toEqual([event('a')]);
    expect(parser.push(Buffer.from('\ndata: b\r\n\r'))).toEqual([event('b')]);
  });

  it('says when to come back, in digits', () => {
    expect(parseEverySplit('retry: 20\n\nretry: 3x\n\nretry: -1\n\nretry:\n\n').retry).toBe(20);
    expect(parseEverySplit('retry: 20\nretry:0\n').retry).toBe(0);
  });

  it('has events up to a size, however they come', () => {
    expect(parseEverySplit(`data: ${'x'.repeat(10)}\n\n`, 10).events).toEqual([event('x'.repeat(10))]);
    const tooLarge = [`data: ${'x'.repeat(11)}\n\n`, `${'data: 12345\n'.repeat(2)}\n`, `id: ${'x'.repeat(20)}`, 'x'.repeat(20)];
    for (const text of tooLarge) {
      for (const size of [1, 3, 100]) {
        const bytes = Buffer.from(text);
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        expect(() => parse(pieces, 10)).toThrow(expect.objectContaining({ code: 'EVENT_TOO_LARGE' }));
      }
    }
    expect(parse([Buffer.from(`data: ${'x'.repeat(5_000)}\n\n`)], Infinity).events).toHaveLength(1);
  });
});
