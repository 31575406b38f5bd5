import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { ReferenceDecoder, type ReferenceField } from '../../../../test/support/http2/reference-hpack.ts';
import { seededRandom } from '../../../../test/support/seeded-random.ts';
import { FieldKind } from '../field-kind.ts';
import { HeaderEncoder } from './encoder.ts';

type Fields = readonly (readonly [name: string, value: string])[];

function encode(encoder: HeaderEncoder, fields: Fields): Buffer {
  encoder.begin();
  for (const [name, value] of fields) expect(encoder.add(encoder.record(name), value)).toBe(true);
  const target = Buffer.alloc(encoder.bound + 3, 0xee);
  const end = encoder.encode(target, 3);
  expect(end - 3).toBeLessThanOrEqual(target.length - 3);
  return target.subarray(3, end);
}

/** An encoder and the reference that follows it. */
function pair(tableCapacity = 4_096): {
  encoder: HeaderEncoder;
  reference: ReferenceDecoder;
  send: (fields: Fields) => ReferenceField[];
  block: Buffer;
} {
  const encoder = new HeaderEncoder(tableCapacity, 4_096);
  const reference = new ReferenceDecoder();
  const both = {
    encoder,
    reference,
    block: Buffer.alloc(0) as Buffer,
    send: (fields: Fields) => {
      both.block = encode(encoder, fields);
      const decoded = reference.decode(both.block);
      expect(decoded.map(({ name, value }) => [name, value])).toEqual(fields.map(([name, value]) => [name.toLowerCase(), value]));
      return decoded;
    },
  };
  return both;
}

const get: Fields = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'example.com'],
  [':path', '/'],
  ['accept', '*/*'],
  ['user-agent', 'test/1.0'],
];

describe('an encoder', () => {
  it('sends one octet for each field that it has sent before', () => {
    const peer = pair();
    peer.send(get);
    peer.send(get);
    expect(peer.block).toHaveLength(get.length);
  });

  it('sends names in lower case, whatever the spelling, and knows them again', () => {
    const peer = pair();
    peer.send([['X-Name', 'a']]);
    peer.send([['x-nAME', 'a']]);
    expect(peer.block).toHaveLength(1);
  });

  it.each(['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty'])(
    'takes %s as a name and as a value like any other',
    (word) => {
      const peer = pair();
      for (let run = 0; run < 3; run += 1) {
        peer.send([
          [word, word],
          ['accept', word],
          [':path', word],
          ['x-a', word],
        ]);
      }
      expect(peer.block).toHaveLength(4);
    },
  );

  it('writes raw what Huffman code would make longer', () => {
    const peer = pair();
    peer.send([['x-a', '\u00ff\u00fe{}']]);
    expect(peer.block.toString('latin1')).toContain('\u00ff\u00fe{}');
    peer.send([['x-b', 'aaaa']]);
    expect(peer.block.toString('latin1')).not.toContain('aaaa');
  });

  it('makes a block of integers of every size', () => {
    const peer = pair();
    for (const length of [0, 1, 126, 127, 128, 254, 255, 256, 383, 384, 16_383, 16_384, 70_000]) peer.send([['x-a', '~'.repeat(length)]]);
    const names = Array.from({ length: 100 }, (_, index): [string, string] => [`n${index}`, 'v']);
    peer.send(names);
    peer.send(names);
    expect(peer.reference.tableLength).toBeGreaterThan(60);
  });

  it('agrees with hpack.js on the table over random requests', () => {
    const random = seededRandom(5);
    const peer = pair();
    for (let run = 0; run < 2_000; run += 1) {
      if (random(50) === 0) {
        const size = random(5_000);
        peer.encoder.limitTable(size);
        peer.reference.limit = Math.min(size, 4_096);
      }
      peer.send([
        [':method', random(2) === 0 ? 'GET' : 'PUT'],
        [':path', `/${random(5)}`],
        ...Array.from({ length: random(10) }, (): [string, string] => [`x-${random(40)}`, 'v'.repeat(random(8) * random(40))]),
        ['cookie', 'c'.repeat(random(40))],
      ]);
    }
    expect(peer.reference.tableLength).toBeGreaterThan(0);
  });

  it('writes a field twice that is there twice, also where the first drives the entry out', () => {
    const peer = pair();
    const large = 'v'.repeat(1_500);
    for (let run = 0; run < 5; run += 1) {
      peer.send([
        ['x-a', large],
        ['x-b', large],
        ['x-c', large],
        ['x-a', large],
        ['x-a', large],
      ]);
    }
    expect(peer.reference.tableSize).toBeLessThanOrEqual(4_096);
  });
});

describe('what goes into the table', () => {
  it.each(['authorization', 'proxy-authorization', 'set-cookie', 'Authorization'])('is never %s', (name) => {
    const peer = pair();
    for (let run = 0; run < 3; run += 1) {
      const [field] = peer.send([[name, 'a secret of more than twenty octets']]);
      expect(field!.neverIndex).toBe(true);
    }
    expect(peer.reference.tableLength).toBe(0);
  });

  it('is no cookie of less than 20 octets', () => {
    const peer = pair();
    expect(peer.send([['cookie', 'c'.repeat(19)]])[0]!.neverIndex).toBe(true);
    expect(peer.reference.tableLength).toBe(0);
    expect(peer.send([['cookie', 'c'.repeat(20)]])[0]!.neverIndex).toBe(false);
    expect(peer.reference.tableLength).toBe(1);
    peer.send([['cookie', 'c'.repeat(20)]]);
    expect(peer.block).toHaveLength(1);
  });

  it('is no path, until one comes twice in a row', () => {
    const peer = pair();
    peer.send([[':path', '/a']]);
    peer.send([[':path', '/b']]);
    expect(peer.reference.tableLength).toBe(0);
    peer.send([[':path', '/b']]);
    expect(peer.reference.tableLength).toBe(1);
    peer.send([[':path', '/b']]);
    expect(peer.block).toHaveLength(1);
  });

  it('is not what never comes again: a few tries, then no more', () => {
    const peer = pair();
    for (let run = 0; run < 50; run += 1) peer.send([['x-request-id', `id-${run}`]]);
    expect(peer.reference.tableLength).toBe(4);
    peer.send([['x-request-id', 'id-49']]);
    peer.send([['x-request-id', 'id-49']]);
    expect(peer.block).toHaveLength(1);
  });

  it('is nothing that would drive everything else out', () => {
    const peer = pair();
    peer.send([['x-a', 'v'.repeat(3_100)]]);
    expect(peer.reference.tableLength).toBe(0);
  });

  it('is right for more names than are remembered', () => {
    const peer = pair();
    for (let run = 0; run < 2; run += 1) for (let index = 0; index < 400; index += 1) peer.send([[`x-meta-${index}`, 'v']]);
    peer.send(get);
    peer.send(get);
    expect(peer.block).toHaveLength(get.length);
  });
});

describe('a change of the table size', () => {
  const peerAt = (...sizes: number[]): { block: Buffer; tableLength: number } => {
    const peer = pair();
    peer.send([['x-a', '1']]);
    for (const size of sizes) peer.encoder.limitTable(size);
    peer.send([[':method', 'GET']]);
    return { block: peer.block, tableLength: peer.reference.tableLength };
  };

  it('is told with the next block', () => {
    expect(peerAt(100).block.toString('hex')).toBe('3f4582');
    expect(peerAt(0)).toMatchObject({ block: Buffer.from('2082', 'hex'), tableLength: 0 });
  });

  it('is told as the smallest and the final size where there were several', () => {
    expect(peerAt(0, 4_096)).toMatchObject({ block: Buffer.from('203fe11f82', 'hex'), tableLength: 0 });
    expect(peerAt(1_000, 50, 2_000).block.toString('hex')).toBe('3f133fb10f82');
    expect(peerAt(1_000, 50).block.toString('hex')).toBe('3f1382');
  });

  it('is not told where nothing changed, or only what we do not use', () => {
    expect(peerAt(4_096).block.toString('hex')).toBe('82');
    expect(peerAt(65_536).block.toString('hex')).toBe('82');
  });

  it('is told before the first block where our own table is smaller than the default', () => {
    const encoder = new HeaderEncoder(0, 4_096);
    expect(encode(encoder, [[':method', 'GET']]).toString('hex')).toBe('2082');
    expect(encode(encoder, [[':method', 'GET']]).toString('hex')).toBe('82');
  });

  it('grows the table where the peer and we both have more', () => {
    const peer = pair(65_536);
    peer.encoder.limitTable(65_536);
    peer.reference.limit = 65_536;
    for (let run = 0; run < 2; run += 1) for (let index = 0; index < 4; index += 1) peer.send([[`x-${index}`, 'v'.repeat(4_000)]]);
    expect(peer.block).toHaveLength(1);
  });
});

describe('what can not be sent', () => {
  it.each([
    ['NUL', '\0'],
    ['CR', 'a\rb'],
    ['LF', 'a\nb'],
    ['DEL', '\x7f'],
    ['a character above Latin-1', '\u0100'],
    ['what would be CR LF if cut to octets', '\u0d0a'],
    ['half a surrogate pair', '\ud83d'],
  ])('is a value with %s', (_what, value) => {
    const encoder = new HeaderEncoder(4_096, 4_096);
    encoder.begin();
    expect(encoder.add(encoder.record('x-a'), value)).toBe(false);
    // Nothing of it is left behind.
    expect(encode(encoder, [[':method', 'GET']]).toString('hex')).toBe('82');
  });

  it.each(['', 'a b', 'a:b', 'a\r\nb', 'caf\u00e9', '\u212aelvin', '\u0130d', 'a\0'])('is the name %j', (name) => {
    expect(new HeaderEncoder(4_096, 4_096).record(name).kind).toBe(FieldKind.INVALID);
  });

  it('leaves no trace: the table is as before', () => {
    const peer = pair();
    peer.send(get);
    peer.encoder.begin();
    peer.encoder.add(peer.encoder.record('x-new'), 'value');
    expect(peer.encoder.add(peer.encoder.record('x-bad'), '\n')).toBe(false);
    peer.send(get);
    expect(peer.block).toHaveLength(get.length);
  });
});
