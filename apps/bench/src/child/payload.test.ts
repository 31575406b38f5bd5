import { expect, test } from 'vitest';
import { DOCUMENT, DOCUMENT_ID, SMALL_BODY, uploadChunks } from './payload.ts';

test('the small body is 11 bytes and the document 1 KiB of JSON', () => {
  expect(Buffer.byteLength(SMALL_BODY)).toBe(11);
  expect(Buffer.byteLength(DOCUMENT)).toBe(1024);
  expect(JSON.parse(DOCUMENT)).toMatchObject({ id: DOCUMENT_ID, items: { length: 9 } });
});

test.each([0, 1, 65_536, 65_537, 200_000])('an upload of %i bytes has so many', (bytes) => {
  let total = 0;
  for (const chunk of uploadChunks(bytes)) total += chunk.length;
  expect(total).toBe(bytes);
});
