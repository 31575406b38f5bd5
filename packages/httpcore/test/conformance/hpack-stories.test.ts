/** http2jp/hpack-test-case: blocks of four encoders, and headers for ours (`hpack/README` of the data says whence). */
import { Buffer } from 'node:buffer';

import { expect, it } from 'vitest';

import { HeaderDecoder } from '../../src/protocol/http2/hpack/decoder.ts';
import { HeaderEncoder } from '../../src/protocol/http2/hpack/encoder.ts';
import { trimValue } from '../../src/protocol/http2/field-kind.ts';
import { ReferenceDecoder } from '../support/http2/reference-hpack.ts';
import { describeConformance } from './data.ts';

interface Story {
  readonly cases: readonly {
    readonly wire?: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly header_table_size?: number;
  }[];
}

const unlimited = { maxSize: 2 ** 30, maxFields: 2 ** 30 };

function decode(decoder: HeaderDecoder, block: Uint8Array): [string, string][] {
  const fields: [string, string][] = [];
  decoder.decode(block, 0, block.length, { onField: ({ name, value }) => fields.push([name, value]) });
  return fields;
}

describeConformance('hpack-test-case', (data) => {
  for (const encoder of data.names('hpack')) {
    if (encoder === 'raw-data') continue;
    const stories = data.names(`hpack/${encoder}`);
    it(`${encoder}: all ${stories.length} stories decode`, () => {
      expect(stories.length).toBeGreaterThan(0);
      for (const name of stories) {
        const { cases } = data.json<Story>(`hpack/${encoder}/${name}`);
        // The size is what SETTINGS allowed before the block.
        const largest = Math.max(4_096, ...cases.map((one) => one.header_table_size ?? 0));
        const decoder = new HeaderDecoder(largest, 4_096, unlimited);
        let allowed: number | undefined;
        for (const [index, { wire, headers, header_table_size: tableSize }] of cases.entries()) {
          if (tableSize !== undefined && tableSize !== allowed) decoder.limitTable((allowed = tableSize));
          expect(decode(decoder, Buffer.from(wire!, 'hex')), `${name}, block ${index}`).toEqual(headers);
        }
      }
    });
  }

  const raw = data.names('hpack/raw-data');
  it(`what we make of the headers of all ${raw.length} stories decodes, here and in hpack.js`, () => {
    expect(raw.length).toBeGreaterThan(0);
    for (const name of raw) {
      const encoder = new HeaderEncoder(4_096, 4_096);
      const reference = new ReferenceDecoder();
      const decoder = new HeaderDecoder(4_096, 4_096, unlimited);
      for (const { headers } of data.json<Story>(`hpack/raw-data/${name}`).cases) {
        encoder.begin();
        for (const [field, value] of headers) expect(encoder.add(encoder.record(field), trimValue(value)), `${field}: ${value}`).toBe(true);
        const target = Buffer.alloc(encoder.bound);
        const block = target.subarray(0, encoder.encode(target, 0));
        const expected = headers.map(([field, value]) => [field, trimValue(value)]);
        expect(reference.decode(block).map((field) => [field.name, field.value])).toEqual(expected);
        expect(decode(decoder, block)).toEqual(expected);
      }
    }
  });
});
