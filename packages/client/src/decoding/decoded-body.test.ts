import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';

import type { HeaderPair, ResponseBody } from '@x/httpcore';
import { describe, expect, it, vi } from 'vitest';

import type { BodyLimits } from './body-limits.ts';
import { readContentEncoding } from '../codings/codings.ts';
import { DecodedBody } from './decoded-body.ts';

type Encode = (bytes: Uint8Array) => Buffer;
const zstdCompress = (zlib as unknown as { zstdCompressSync?: Encode }).zstdCompressSync;

const encoders: Record<string, Encode> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ...(zstdCompress === undefined ? {} : { zstd: (bytes: Uint8Array) => zstdCompress(bytes) }),
};
if (zstdCompress === undefined) console.warn(`zstd is not tested: Node ${process.versions.node} has no zstd`);
const codingNames = Object.keys(encoders);

const noLimits: BodyLimits = { whole: Infinity, streamed: Infinity };
const text = Buffer.from('the quick brown fox jumps over the lazy dog. '.repeat(20));

/** A body over chunks, which knows what became of it. */
class Source implements ResponseBody {
  taken = 0;
  closed = false;
  trailers: readonly HeaderPair[] | undefined = undefined;
  readonly #chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

  constructor(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(Buffer.concat(await collect(this)));
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    try {
      for await (const chunk of this.#chunks) {
        this.taken += 1;
        yield new Uint8Array(chunk);
      }
      this.trailers = [['x-end', '1']];
    } finally {
      await this.close();
    }
  }
}

/** A body that sends one chunk and then nothing, until it is closed. */
class SilentBody extends Source {
  readonly waiting: Promise<void>;
  #wait!: () => void;
  #end!: () => void;
  readonly #ended = new Promise<void>((resolve) => (this.#end = resolve));

  constructor(chunk: Uint8Array) {
    super([chunk]);
    this.waiting = new Promise((resolve) => (this.#wait = resolve));
  }

  override close(): Promise<void> {
    this.#end();
    return super.close();
  }

  // Not a generator, whose return() would wait for the read that hangs: a socket's does not.
  override [Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const chunks = super[Symbol.asyncIterator]();
    const next = async (): Promise<IteratorResult<Uint8Array<ArrayBuffer>, void>> => {
      if (this.taken === 0) return chunks.next();
      this.#wait();
      await this.#ended;
      return { done: true, value: undefined };
    };
    const end = async (): Promise<IteratorResult<Uint8Array<ArrayBuffer>, void>> => {
      await this.close();
      return { done: true, value: undefined };
    };
    return Object.assign(Object.create(chunks) as typeof chunks, { next, return: end });
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

function* split(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

type Reading = (encoded: Uint8Array, coding: string, limits?: BodyLimits) => Promise<Uint8Array>;

function body(chunks: Iterable<Uint8Array>, coding: string, limits = noLimits, length?: number): DecodedBody {
  return new DecodedBody(new Source(chunks), readContentEncoding(coding), length, limits);
}

/** Every way in which a body can be read: each behaviour holds for all of them. */
const readings: readonly (readonly [name: string, read: Reading])[] = [
  ['whole, of known length', (encoded, coding, limits) => body([encoded], coding, limits, encoded.length).bytes()],
  ['whole, of unknown length', (encoded, coding, limits) => body(split(encoded, 10_000), coding, limits).bytes()],
  ['as it comes', async (encoded, coding, limits) => Buffer.concat(await collect(body([encoded], coding, limits)))],
  ['byte by byte', async (encoded, coding, limits) => Buffer.concat(await collect(body(split(encoded, 1), coding, limits)))],
];

const failure = (code: string): unknown => expect.objectContaining({ name: 'DecodingError', code });

describe.each(readings)('read %s', (reading, read) => {
  describe.each(codingNames)('%s', (coding) => {
    const encode = encoders[coding]!;

    it('is undone', async () => {
      expect(Buffer.from(await read(encode(text), coding))).toEqual(text);
    });

    it('of nothing is nothing', async () => {
      expect(await read(encode(Buffer.alloc(0)), coding)).toHaveLength(0);
    });

    it('is no coding at all when the body is empty', async () => {
      expect(await read(Buffer.alloc(0), coding)).toHaveLength(0);
    });

    it('that breaks off is an error, wherever it does', async () => {
      const encoded = encode(text);
      const step = reading === 'byte by byte' ? 11 : 1;
      for (let length = 1; length < encoded.length; length += step) {
        await expect(read(encoded.subarray(0, length), coding), `at ${length}`).rejects.toThrow(failure('TRUNCATED_CODING'));
      }
    });

    it('that is corrupt is an error', async () => {
      await expect(read(Buffer.alloc(64, 0xff), coding)).rejects.toThrow(failure('CORRUPT_CODING'));
    });

    it('with something after its end is an error', async () => {
      await expect(read(Buffer.concat([encode(text), Buffer.from('<html></html>')]), coding)).rejects.toThrow(failure('CORRUPT_CODING'));
    });

    it('around itself, five times, is undone', async () => {
      let encoded: Buffer = text;
      for (let count = 0; count < 5; count += 1) encoded = encode(encoded);
      expect(Buffer.from(await read(encoded, Array(5).fill(coding).join(', ')))).toEqual(text);
    });

    it('is undone up to the limit, and no further', async () => {
      const limit = { whole: text.length, streamed: text.length };
      expect(await read(encode(text), coding, limit)).toHaveLength(text.length);
      const longer = Buffer.concat([text, Buffer.from('!')]);
      await expect(read(encode(longer), coding, limit)).rejects.toThrow(
        expect.objectContaining({ name: 'ResponseTooLarge', code: 'RESPONSE_TOO_LARGE', limit: text.length }),
      );
    });

    it('of what does not compress is undone', async () => {
      const noise = randomBytes(reading === 'byte by byte' ? 5_000 : 3_000_000);
      expect(Buffer.compare(await read(encode(noise), coding), noise)).toBe(0);
    });
  });

  it('a chain is undone from right to left', async () => {
    expect(Buffer.from(await read(encoders['br']!(encoders['deflate']!(encoders['gzip']!(text))), 'gzip, deflate, br'))).toEqual(text);
  });

  it('raw deflate is understood', async () => {
    expect(Buffer.from(await read(zlib.deflateRawSync(text), 'deflate'))).toEqual(text);
    await expect(read(zlib.deflateRawSync(text).subarray(0, -2), 'deflate')).rejects.toThrow(failure('TRUNCATED_CODING'));
  });

  it('gzip of several members is one body', async () => {
    const members = Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync(''), zlib.gzipSync('two '), zlib.gzipSync('three')]);
    expect(Buffer.from(await read(members, 'gzip')).toString()).toBe('one two three');
    await expect(read(members.subarray(0, -1), 'gzip')).rejects.toThrow(failure('TRUNCATED_CODING'));
  });

  it('zeros after gzip are padding', async () => {
    expect(Buffer.from(await read(Buffer.concat([zlib.gzipSync('padded'), Buffer.alloc(1_000)]), 'gzip')).toString()).toBe('padded');
  });

  it('anything else after gzip is an error, also behind zeros', async () => {
    const member = zlib.gzipSync('one');
    await expect(read(Buffer.concat([member, Buffer.alloc(10), member]), 'gzip')).rejects.toThrow(failure('CORRUPT_CODING'));
    await expect(read(Buffer.concat([member, Buffer.alloc(100_000)]), 'gzip')).rejects.toThrow(failure('CORRUPT_CODING'));
  });

  it('a damaged byte in the middle is noticed by the checksum', async () => {
    const encoded = zlib.gzipSync(randomBytes(2_000));
    encoded[1_000]! ^= 1;
    await expect(read(encoded, 'gzip')).rejects.toThrow(failure('CORRUPT_CODING'));
  });

  it.skipIf(zstdCompress === undefined)('zstd of several frames is one body', async () => {
    const skippable = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('abc')]);
    const frames = ['one ', '', 'two ', 'three'].map((part) => zstdCompress!(Buffer.from(part)));
    const encoded = Buffer.concat([skippable, ...frames, skippable]);
    expect(Buffer.from(await read(encoded, 'zstd')).toString()).toBe('one two three');
    await expect(read(encoded.subarray(0, -1), 'zstd')).rejects.toThrow(failure('TRUNCATED_CODING'));
    const many = Buffer.concat(Array(50).fill(zstdCompress!(Buffer.from('x'))));
    expect(Buffer.from(await read(many, 'zstd')).toString()).toBe('x'.repeat(50));
  });

  it.skipIf(zstdCompress === undefined)('zstd that asks for a window of 128 MiB is refused', async () => {
    // A frame header (RFC 8878 §3.1.1.1) with a window descriptor of 2^27 bytes, and an empty last block.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3, 0x01, 0x00, 0x00]);
    await expect(read(frame, 'zstd')).rejects.toThrow(failure('CORRUPT_CODING'));
    frame[5] = (23 - 10) << 3;
    expect(await read(frame, 'zstd')).toHaveLength(0);
  });
});

describe('a small body that becomes a large one', () => {
  const zeros = (mebibytes: number): Buffer => Buffer.alloc(mebibytes * 1024 * 1024);

  it.each(codingNames)('%s: is decoded no faster than it is read', async (coding) => {
    const source = new Source([encoders[coding]!(zeros(7))]);
    const chunks = new DecodedBody(source, readContentEncoding(coding), undefined, noLimits)[Symbol.asyncIterator]();
    const first = await chunks.next();
    expect((first.value as Uint8Array).length).toBeLessThanOrEqual(64 * 1024);
    await chunks.return!();
    expect(source.closed).toBe(true);
  });

  it.each(readings)('is refused past 8 MiB at a thousandfold, %s', async (_, read) => {
    // Deflate twice reaches a million to one; so does brotli alone.
    const bomb = zlib.brotliCompressSync(zeros(16), { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } });
    expect(bomb.length).toBeLessThan(10_000);
    await expect(read(bomb, 'br')).rejects.toThrow(failure('EXPANSION_TOO_LARGE'));
    await expect(read(zlib.gzipSync(zlib.gzipSync(zeros(16))), 'gzip, gzip')).rejects.toThrow(failure('EXPANSION_TOO_LARGE'));
    expect(await read(zlib.gzipSync(zeros(6)), 'gzip')).toHaveLength(zeros(6).length);
  });

  it('is refused in the middle of a chain, though the end of it is small', async () => {
    const inner = zeros(16);
    inner.set(zlib.gzipSync('tiny'));
    await expect(readings[2]![1](zlib.brotliCompressSync(inner), 'gzip, br')).rejects.toThrow(
      expect.objectContaining({ name: 'DecodingError' }),
    );
  });

  it('beyond the limit ends at the limit', async () => {
    const source = new Source(split(zlib.gzipSync(randomBytes(4_000_000)), 16_384));
    const limited = new DecodedBody(source, readContentEncoding('gzip'), undefined, { whole: 100_000, streamed: Infinity });
    await expect(limited.bytes()).rejects.toThrow(expect.objectContaining({ code: 'RESPONSE_TOO_LARGE' }));
    expect(source.closed).toBe(true);
    expect(source.taken).toBeLessThan(30);
  });
});

describe('while it is read', () => {
  it('each part is handed out as soon as it can be decoded', async () => {
    const gzip = zlib.createGzip();
    const parts: Buffer[] = [];
    gzip.on('data', (chunk: Buffer) => parts.push(chunk));
    let send: ((chunk: Uint8Array | undefined) => void) | undefined;
    async function* wire(): AsyncGenerator<Uint8Array> {
      for (;;) {
        const chunk = await new Promise<Uint8Array | undefined>((resolve) => (send = resolve));
        if (chunk === undefined) return;
        yield chunk;
      }
    }
    const chunks = new DecodedBody(new Source(wire()), readContentEncoding('gzip'), undefined, noLimits)[Symbol.asyncIterator]();
    for (const message of ['first', 'second']) {
      const next = chunks.next();
      gzip.write(message);
      await new Promise<void>((resolve) => gzip.flush(() => resolve()));
      await expect.poll(() => send).toBeTypeOf('function');
      const answer = send!;
      send = undefined;
      answer(Buffer.concat(parts.splice(0)));
      expect(Buffer.from((await next).value as Uint8Array).toString()).toBe(message);
    }
    await chunks.return!();
  });

  it('an error of the network is told as it is, after what came before it', async () => {
    const encoded = zlib.gzipSync(randomBytes(100_000));
    const broken = new Error('connection reset');
    async function* wire(): AsyncGenerator<Uint8Array> {
      yield encoded.subarray(0, 50_000);
      throw broken;
    }
    const chunks = new DecodedBody(new Source(wire()), readContentEncoding('gzip'), undefined, noLimits)[Symbol.asyncIterator]();
    expect((await chunks.next()).done).toBe(false);
    const rest = (async () => {
      while ((await chunks.next()).done !== true);
    })();
    await expect(rest).rejects.toBe(broken);
    expect(await chunks.next()).toEqual({ done: true, value: undefined });
  });

  it('closing ends a read that waits, the decoder and the body', async () => {
    const source = new SilentBody(zlib.gzipSync('abc').subarray(0, 10));
    const decoded = new DecodedBody(source, readContentEncoding('gzip'), undefined, noLimits);
    const next = decoded[Symbol.asyncIterator]().next();
    await source.waiting;
    await decoded.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(source.closed).toBe(true);
  });

  it('trailers are those of the body', async () => {
    const decoded = body([zlib.gzipSync('x')], 'gzip');
    expect(decoded.trailers).toBeUndefined();
    await collect(decoded);
    expect(decoded.trailers).toEqual([['x-end', '1']]);
  });

  it('no decoder outlives the body, however it ends', async () => {
    const made = vi.spyOn(zlib, 'createGunzip');
    const encoded = zlib.gzipSync(randomBytes(500_000));
    const early = body(split(encoded, 1_000), 'gzip')[Symbol.asyncIterator]();
    await early.next();
    await early.return!();
    await collect(body([encoded], 'gzip'));
    await collect(body([encoded.subarray(0, 1_000)], 'gzip')).catch(() => {});
    await collect(body([encoded], 'gzip', { whole: 1, streamed: 1 })).catch(() => {});
    const closed = body(split(encoded, 1_000), 'gzip');
    await closed[Symbol.asyncIterator]().next();
    await closed.close();
    await collect(body([], 'gzip'));
    expect(made.mock.results.map(({ value }) => (value as zlib.Gunzip).destroyed)).toEqual([true, true, true, true, true]);
    made.mockRestore();
  });
});
