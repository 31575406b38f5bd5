import { expect, it } from 'vitest';
import { Request } from '../request.ts';
import { isFormData } from './form-data.ts';

it('is a FormData, one of a class of its own too, and nothing else', () => {
  expect(isFormData(new FormData())).toBe(true);
  expect(isFormData(new (class extends FormData {})())).toBe(true);
  for (const other of [undefined, null, 'getAll', new URLSearchParams(), new Map(), { getAll: () => [] }, []])
    expect(isFormData(other)).toBe(false);
});

it('requests without one do not ask for its class, which would load the platform’s fetch', () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'FormData')!;
  let asked = 0;
  Object.defineProperty(globalThis, 'FormData', { configurable: true, get: () => (asked += 1) });
  try {
    for (const options of [
      {},
      { body: 'x' },
      { body: new URLSearchParams('a=1') },
      { json: {} },
      { form: { a: 1 } },
      { body: [new Uint8Array(1)] },
      { files: { a: { content: 'x' } } },
    ]) {
      expect(new Request('POST', 'http://a.test/', options).method).toBe('POST');
    }
  } finally {
    Object.defineProperty(globalThis, 'FormData', own);
  }
  expect(asked).toBe(0);
});
