import { Readable } from 'node:stream';

import type { ByteIterable } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { bodyText } from '../../../test/scripted-dispatcher.ts';
import { BodyNotReplayable, InvalidOption } from '../../errors.ts';
import { formBody, jsonBody, toRequestBody, type BodyInput } from './body-input.ts';

const text = 'grüße';
const encoded = new TextEncoder().encode(text);

async function* generator(): AsyncGenerator<Uint8Array | string> {
  yield encoded.subarray(0, 3);
  yield Buffer.from(encoded.subarray(3, 6));
  yield 'e';
}

describe('a body', () => {
  it.each<[string, () => BodyInput, number | undefined, string | undefined, boolean]>([
    ['a string', () => text, 7, 'text/plain;charset=UTF-8', true],
    ['bytes', () => encoded, 7, undefined, true],
    ['a Buffer', () => Buffer.from(text), 7, undefined, true],
    ['an ArrayBuffer', () => encoded.slice().buffer, 7, undefined, true],
    ['a view', () => new DataView(encoded.slice().buffer), 7, undefined, true],
    ['a Blob without a type', () => new Blob([text]), 7, undefined, true],
    ['a Blob with a type', () => new Blob([text], { type: 'text/x-own' }), 7, 'text/x-own', true],
    ['an array of chunks', () => ['gr', encoded.subarray(2, 4), Buffer.from('ß'), 'e'], 7, undefined, true],
    ['a web stream', () => new Blob([text]).stream() as ReadableStream<Uint8Array>, undefined, undefined, false],
    ['a Node stream', () => Readable.from([encoded.subarray(0, 2), encoded.subarray(2)]), undefined, undefined, false],
    ['a Node stream of text', () => Readable.from(['grü', 'ße']), undefined, undefined, false],
    ['an async generator', () => generator(), undefined, undefined, false],
    ['a generator', () => ['grü', 'ße'].values(), undefined, undefined, false],
    ['a set', () => new Set(['grü', 'ße']), undefined, undefined, true],
    ['a function', () => () => text, undefined, undefined, true],
    ['a function that makes a stream', () => () => Readable.from([encoded]), undefined, undefined, true],
    ['an async function', () => async () => generator(), undefined, undefined, true],
  ])('from %s', async (_, make, length, contentType, replayable) => {
    const body = toRequestBody(make());
    expect({ length: body.length, contentType: body.contentType, replayable: body.replayable }).toEqual({
      length,
      contentType,
      replayable,
    });
    expect(await bodyText(body.open())).toBe(text);
    if (replayable) expect(await bodyText(body.open())).toBe(text);
    else expect(() => body.open()).toThrow(BodyNotReplayable);
  });

  it('from URLSearchParams is a form', async () => {
    const body = toRequestBody(new URLSearchParams({ a: 'b c' }));
    expect(body.contentType).toBe('application/x-www-form-urlencoded');
    expect(await bodyText(body.open())).toBe('a=b+c');
  });

  it('from bytes is handed over as an array, whose length the dispatcher sees', () => {
    expect(Array.isArray(toRequestBody('x').open())).toBe(true);
    expect(Array.isArray(toRequestBody(['x', 'y']).open())).toBe(true);
  });

  it.each([{ a: 1 }, 7, null, true, [{}], [1], new FormData(), new WeakMap()])('is not made from %o', (input) => {
    expect(() => toRequestBody(input as unknown as BodyInput)).toThrow(InvalidOption);
  });

  it('fails with the mistake when a chunk is neither text nor bytes, and lets go of its source', async () => {
    let ended = false;
    const source = (function* () {
      try {
        yield 'a';
        yield 7;
      } finally {
        ended = true;
      }
    })();
    await expect(bodyText(toRequestBody(source as Iterable<string>).open())).rejects.toThrow(/must be a string or bytes, not number/);
    expect(ended).toBe(true);
  });
});

describe('a body that is given up', () => {
  const iterator = (body: ByteIterable): AsyncIterator<Uint8Array> => (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();

  it('returns its source while a read of a silent web stream is pending', async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    const chunks = iterator(toRequestBody(stream).open());
    const pending = chunks.next();
    await chunks.return!();
    expect(cancelled).toBe(true);
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  it('destroys a Node stream that was never read, or is silent', async () => {
    const unread = new Readable({ read() {} });
    toRequestBody(unread).discard();
    expect(unread.destroyed).toBe(true);

    const silent = new Readable({ read() {} });
    const body = toRequestBody(silent);
    const pending = iterator(body.open()).next();
    body.discard();
    expect(silent.destroyed).toBe(true);
    await expect(pending).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });

  it('cancels a web stream that was never read', async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    toRequestBody(stream).discard();
    await null;
    expect(cancelled).toBe(true);
  });

  it('lets go of a source that was still being made', async () => {
    let make: (source: Readable) => void = () => {};
    const body = toRequestBody(() => new Promise<Readable>((resolve) => (make = resolve)));
    const chunks = iterator(body.open());
    const pending = chunks.next();
    await chunks.return!();
    const source = new Readable({ read() {} });
    make(source);
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(source.destroyed).toBe(true);
  });

  it('throws what a function threw', async () => {
    const failing = toRequestBody(() => {
      throw new Error('no file');
    });
    await expect(bodyText(failing.open())).rejects.toThrow('no file');
  });
});

describe('JSON', () => {
  it.each<[unknown, string]>([
    [null, 'null'],
    [false, 'false'],
    ['ü', '"ü"'],
    [{ a: [1, undefined], b: undefined, d: new Date(0) }, '{"a":[1,null],"d":"1970-01-01T00:00:00.000Z"}'],
  ])('of %o', async (value, document) => {
    const body = jsonBody(value);
    expect(body.contentType).toBe('application/json');
    expect(body.length).toBe(Buffer.byteLength(document));
    expect(await bodyText(body.open())).toBe(document);
  });

  it('is refused of what has no JSON form', () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    for (const value of [undefined, () => 1, Symbol('x'), 1n, circular]) {
      expect(() => jsonBody(value)).toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'json' }));
    }
  });
});

describe('a form', () => {
  it('is encoded as HTML forms are', async () => {
    const body = formBody({ name: 'a b', tags: ['x', 'y&z'], none: null });
    expect(body.contentType).toBe('application/x-www-form-urlencoded');
    expect(await bodyText(body.open())).toBe('name=a+b&tags=x&tags=y%26z');
  });

  it('is refused with objects in it', () => {
    expect(() => formBody({ a: {} } as never)).toThrow(expect.objectContaining({ option: 'form' }));
  });
});
