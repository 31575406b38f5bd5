import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { integer, literals } from '../../../../test/support/http2/frame-factory.ts';
import { ReferenceDecoder, ReferenceEncoder } from '../../../../test/support/http2/reference-hpack.ts';
import { seededRandom } from '../../../../test/support/seeded-random.ts';
import { ErrorCode } from '../constants.ts';
import { ConnectionFault } from '../faults.ts';
import { HeaderDecoder } from './decoder.ts';
import type { HeaderField } from './header-field.ts';

const unlimited = { maxSize: 2 ** 30, maxFields: 2 ** 30 };

function decoder(limits = unlimited, tableSize = 4_096, initialTableSize = 4_096): HeaderDecoder {
  return new HeaderDecoder(tableSize, initialTableSize, limits);
}

function decode(into: HeaderDecoder, block: Uint8Array | string): [string, string][] {
  const bytes = typeof block === 'string' ? Buffer.from(block.replaceAll(' ', ''), 'hex') : block;
  const fields: [string, string][] = [];
  // Somewhere in the middle of a chunk, as blocks are.
  const chunk = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(3, 0xff)]);
  into.decode(chunk, 3, 3 + bytes.length, { onField: ({ name, value }) => fields.push([name, value]) });
  return fields;
}

function faultOf(run: () => void): ConnectionFault {
  try {
    run();
  } catch (fault) {
    if (fault instanceof ConnectionFault) return fault;
    throw fault;
  }
  throw new Error('Nothing was thrown');
}

const response302: [string, string][] = [
  [':status', '302'],
  ['cache-control', 'private'],
  ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ['location', 'https://www.example.com'],
];
const response307: [string, string][] = response302.map(([name, value]) => [name, name === ':status' ? '307' : value]);
const response200: [string, string][] = [
  [':status', '200'],
  ['cache-control', 'private'],
  ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
  ['location', 'https://www.example.com'],
  ['content-encoding', 'gzip'],
  ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
];
const request1: [string, string][] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
];
const request2: [string, string][] = [...request1, ['cache-control', 'no-cache']];
const request3: [string, string][] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/index.html'],
  [':authority', 'www.example.com'],
  ['custom-key', 'custom-value'],
];

describe('RFC 7541 Appendix C', () => {
  it.each<[string, string, [string, string]]>([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', ['custom-key', 'custom-header']],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path']],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', ['password', 'secret']],
    ['C.2.4', '82', [':method', 'GET']],
  ])('%s', (_section, hex, field) => {
    expect(decode(decoder(), hex)).toEqual([field]);
  });

  it.each<[string, number, [string, [string, string][]][]]>([
    [
      'C.3: requests without Huffman',
      4_096,
      [
        ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', request1],
        ['8286 84be 5808 6e6f 2d63 6163 6865', request2],
        ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', request3],
      ],
    ],
    [
      'C.4: requests with Huffman',
      4_096,
      [
        ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', request1],
        ['8286 84be 5886 a8eb 1064 9cbf', request2],
        ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', request3],
      ],
    ],
    [
      'C.5: responses without Huffman, with eviction',
      256,
      [
        [
          '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
          response302,
        ],
        ['4803 3330 37c1 c0bf', response307],
        [
          '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
          response200,
        ],
      ],
    ],
    [
      'C.6: responses with Huffman, with eviction',
      256,
      [
        [
          '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
          response302,
        ],
        ['4883 640e ffc1 c0bf', response307],
        [
          '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
          response200,
        ],
      ],
    ],
  ])('%s', (_section, tableSize, blocks) => {
    const one = decoder(unlimited, tableSize, tableSize);
    for (const [hex, fields] of blocks) expect(decode(one, hex)).toEqual(fields);
  });
});

describe('a decoder', () => {
  it('reads whatever hpack.js writes, over many blocks', () => {
    const random = seededRandom(3);
    const names = ['etag', 'date', 'set-cookie', ...Array.from({ length: 30 }, (_, index) => `x-name-${index}`)];
    for (const huffman of [true, false]) {
      const encoder = new ReferenceEncoder();
      const one = decoder();
      for (let run = 0; run < 200; run += 1) {
        const fields = Array.from({ length: 1 + random(12) }, (): [string, string] => {
          const name = names[random(names.length)]!;
          return [name, Array.from({ length: random(80) }, () => String.fromCharCode(0x20 + random(0x5e))).join('')];
        });
        expect(decode(one, encoder.encode(fields, { huffman }))).toEqual(fields);
      }
    }
  });

  it.each(['constructor', '__proto__', 'tostring', 'valueof', 'hasownproperty'])(
    'takes %s as a name and as a value like any other',
    (word) => {
      const one = decoder();
      const inserted = Buffer.concat([Buffer.from([0x40]), literals([[word, word]]).subarray(1)]);
      expect(decode(one, inserted)).toEqual([[word, word]]);
      expect(decode(one, 'be')).toEqual([[word, word]]);
    },
  );

  it('keeps octets above ASCII as Latin-1, raw and in Huffman code', () => {
    const text = '\u00e9\u00ff\u0080 \u00fc';
    expect(decode(decoder(), literals([['x-a', text]]))).toEqual([['x-a', text]]);
    expect(decode(decoder(), new ReferenceEncoder().encode([['x-a', 'caf~|']]))).toEqual([['x-a', 'caf~|']]);
  });

  it('shares what is in the table, frozen, and gives everything else away', () => {
    const one = decoder();
    const seen: [HeaderField, boolean][] = [];
    const receiver = { onField: (field: HeaderField, isShared: boolean) => seen.push([field, isShared]) };
    const block = Buffer.concat([Buffer.from('40036162630131be', 'hex'), literals([['x-a', '2']])]);
    one.decode(block, 0, block.length, receiver);
    expect(seen.map(([, isShared]) => isShared)).toEqual([true, true, false]);
    expect(seen[0]![0]).toBe(seen[1]![0]);
    expect(seen[0]![0].sharedPair).toBe(seen[1]![0].sharedPair);
    expect(Object.isFrozen(seen[0]![0].sharedPair)).toBe(true);
  });

  it('empties the table for an entry that is larger than it (RFC 7541 §4.4)', () => {
    const one = decoder();
    decode(one, '40036162630131');
    const large: [string, string] = ['x-large', 'v'.repeat(5_000)];
    expect(decode(one, Buffer.concat([Buffer.from([0x40]), literals([large]).subarray(1)]))).toEqual([large]);
    expect(faultOf(() => decode(one, 'be')).errorCode).toBe(ErrorCode.COMPRESSION_ERROR);
  });

  it('keeps its table right over more entries than its ring first had, evicted and not', () => {
    for (const tableSize of [4_096, 65_536]) {
      const one = decoder(unlimited, tableSize, tableSize);
      const reference = new ReferenceDecoder(tableSize);
      const random = seededRandom(4);
      for (let run = 0; run < 400; run += 1) {
        const entry = Buffer.concat([Buffer.from([0x40]), literals([[`n${run}`, 'v'.repeat(random(60))]]).subarray(1)]);
        decode(one, entry);
        reference.decode(entry);
        const index = 62 + random(reference.tableLength);
        const reread = integer(index, 7);
        reread[0]! |= 0x80;
        expect(decode(one, reread)).toEqual(reference.decode(reread).map(({ name, value }) => [name, value]));
      }
    }
  });
});

describe('a table size update', () => {
  it('may come first, up to twice', () => {
    const one = decoder();
    decode(one, '40036162630131');
    // 0, then 4,096: the table is emptied.
    expect(decode(one, '20 3fe11f 82')).toEqual([[':method', 'GET']]);
    expect(faultOf(() => decode(one, 'be')).errorCode).toBe(ErrorCode.COMPRESSION_ERROR);
  });

  it.each([
    ['in the middle of a block', '82 20'],
    ['at the end of a block', '82 3fe11f'],
    ['three times', '20 20 20 82'],
    ['above what was agreed', '3fe21f 82'],
    ['far above', '3fffffff7f 82'],
  ])('is refused %s', (_where, hex) => {
    expect(faultOf(() => decode(decoder(), hex)).errorCode).toBe(ErrorCode.COMPRESSION_ERROR);
  });

  it('is required after the limit was lowered, and must keep to it', () => {
    const lowered = (): HeaderDecoder => {
      const one = decoder(unlimited, 100, 4_096);
      expect(decode(one, '82')).toEqual([[':method', 'GET']]);
      one.limitTable(100);
      return one;
    };
    expect(faultOf(() => decode(lowered(), '82')).message).toMatch(/no table size update/);
    expect(faultOf(() => decode(lowered(), '3fe11f 82')).message).toMatch(/above the one that was agreed/);
    expect(decode(lowered(), '3f45 82')).toEqual([[':method', 'GET']]);
  });

  it('is not required where the table is small enough already', () => {
    const one = decoder(unlimited, 100, 4_096);
    decode(one, '20');
    one.limitTable(100);
    expect(decode(one, '82')).toEqual([[':method', 'GET']]);
  });

  it('may use a larger table as soon as we allow it', () => {
    const one = decoder(unlimited, 65_536, 4_096);
    expect(decode(one, Buffer.concat([Buffer.from('3fe1ff03', 'hex'), Buffer.from([0x82])]))).toEqual([[':method', 'GET']]);
  });
});

describe('a malformed block', () => {
  it.each([
    ['index 0', '80'],
    ['an index past the table', 'be'],
    ['an index far past the table', 'ffffff07'],
    ['a name index past the table', '7e0131'],
    ['a name index past the table, without indexing', '0f2f0131'],
    ['an integer that is too large', 'ffffffffffff0f'],
    ['an integer that never ends', `ff${'80'.repeat(40)}00`],
    ['an integer that is cut off', 'ff'],
    ['an integer that is cut off later', 'ffff80'],
    ['a literal without a name', '40'],
    ['a literal without a value', '400161'],
    ['a name that is cut off', '40056162'],
    ['a value that is cut off', '4001610561'],
    ['a length far past the end', '4001617fffffff07'],
    ['a length that is cut off', '4001617f'],
    ['Huffman code with padding of zeros', '4001618100'],
    ['the end-of-string code', '40016184ffffffff'],
    ['padding of more than 7 bits', '40016182 1fff'.replace(' ', '')],
  ])('is refused: %s', (_what, hex) => {
    const fault = faultOf(() => decode(decoder(), hex));
    expect(fault.errorCode).toBe(ErrorCode.COMPRESSION_ERROR);
  });

  it('is refused however it is cut off', () => {
    const whole = new ReferenceEncoder().encode([...response200, ['x-name', 'x'.repeat(200)]]);
    for (let length = 1; length < whole.length; length += 1) {
      const cut = whole.subarray(0, length);
      try {
        // Where the cut is between two fields, the rest is a good block.
        expect(decode(decoder(), cut).length).toBeLessThan(7);
      } catch (fault) {
        expect(fault).toBeInstanceOf(ConnectionFault);
      }
    }
  });
});

describe('the limits of the header list', () => {
  it('count 32 octets for each field besides its text (RFC 9113 §10.5.1)', () => {
    const block = literals([
      ['ab', 'cde'],
      ['f', ''],
    ]);
    const size = 2 + 3 + 32 + 1 + 32;
    const enough = decoder({ maxSize: size, maxFields: 10 });
    expect(decode(enough, block)).toHaveLength(2);
    expect(enough.isOverLimit).toBe(false);
    const short = decoder({ maxSize: size - 1, maxFields: 10 });
    expect(decode(short, block)).toEqual([['ab', 'cde']]);
    expect(short.isOverLimit).toBe(true);
  });

  it('count fields', () => {
    const one = decoder({ maxSize: 65_536, maxFields: 3 });
    expect(decode(one, '82828282')).toHaveLength(3);
    expect(one.isOverLimit).toBe(true);
    expect(decode(one, '828282')).toHaveLength(3);
    expect(one.isOverLimit).toBe(false);
  });

  it('stop a bomb of references to one large entry', () => {
    const one = decoder({ maxSize: 65_536, maxFields: 100_000 });
    const entry = Buffer.concat([Buffer.from([0x40]), literals([['x', 'v'.repeat(4_000)]]).subarray(1)]);
    decode(one, entry);
    expect(decode(one, Buffer.alloc(16_384, 0xbe))).toHaveLength(16);
    expect(one.isOverLimit).toBe(true);
  });

  it('leave the table as the encoder has it: the next block decodes', () => {
    const one = decoder({ maxSize: 100, maxFields: 10 });
    const reference = new ReferenceDecoder();
    const encoder = new ReferenceEncoder();
    const many = Array.from({ length: 20 }, (_, index): [string, string] => [`x-${index}`, 'value '.repeat(index)]);
    const first = Buffer.concat([encoder.encode(many), literals([['y', 'not indexed']]), encoder.encode([['x-last', 'a']])]);
    decode(one, first);
    reference.decode(first);
    expect(one.isOverLimit).toBe(true);
    const second = encoder.encode([['x-last', 'a']]);
    expect(decode(one, second)).toEqual([['x-last', 'a']]);
    expect(reference.decode(second)).toHaveLength(1);
  });

  it.each([
    ['an index', 'fe'],
    ['a name index', '0f2f0131'],
    ['Huffman code', '0001618100'],
    ['a length', '0001617f'],
  ])('do not hide a malformed rest: %s', (_what, hex) => {
    const one = decoder({ maxSize: 40, maxFields: 10 });
    expect(faultOf(() => decode(one, Buffer.concat([literals([['x', 'v'.repeat(50)]]), Buffer.from(hex, 'hex')]))).errorCode).toBe(
      ErrorCode.COMPRESSION_ERROR,
    );
  });
});

describe('literals that repeat', () => {
  it('are what they are to a decoder that has met none before', () => {
    const pick = seededRandom(7);
    // Plain and in Huffman's code, of every length about the longest that is kept; `1f 27` of the code is a malformed one.
    const values = ['', '1', '12', 'a'.repeat(62), 'a'.repeat(63), 'a'.repeat(64), 'a'.repeat(126), 'a'.repeat(127), 'a'.repeat(200), 'b'];
    const strings = [
      ...values.map((value) => Buffer.concat([integer(value.length, 7), Buffer.from(value)])),
      ...['82f6b4', '83f6b4a7', '810b'].map((hex) => Buffer.from(hex, 'hex')),
    ];
    const names = [1, 8, 14, 15, 28, 33, 54, 61, 62].map((index) => integer(index, 4));
    const one = decoder();
    for (let turn = 0; turn < 3_000; turn += 1) {
      const fields = Array.from({ length: 3 }, () => {
        const name = Buffer.from(names[pick(turn % 16 === 0 ? names.length : 7)]!);
        // Never to be indexed.
        if (pick(4) === 0) name[0]! |= 0x10;
        return Buffer.concat([name, strings[pick(turn % 2 === 0 ? 3 : strings.length)]!]);
      });
      const block = Buffer.concat(fields);
      const fresh = outcomeOf(() => decode(decoder(), block));
      expect(outcomeOf(() => decode(one, block))).toEqual(fresh);
      const cut = block.subarray(0, pick(block.length));
      expect(outcomeOf(() => decode(one, cut))).toEqual(outcomeOf(() => decode(decoder(), cut)));
    }
  });
});

function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return (error as Error).message;
  }
}
