/** What must compile of bodies and of reading, and what must not. Checked by `tsc`; never run. */
import * as valibot from 'valibot';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';

import type { Client, Response, StreamResponse } from '../src/index.ts';

declare const client: Client;
declare const whole: Response;
declare const streamed: StreamResponse;

// Files.
void client.post('/', { files: { one: { path: 'a' }, many: [new Blob(['b']), { content: 'c', length: 1 }] }, form: { d: 'e' } });
void client.post('/', { files: [['one', new Uint8Array()]], compress: 'gzip', onUploadProgress: ({ sent }) => void sent });
void client.post('/', { body: new FormData() });
// @ts-expect-error a text is neither a path nor content
void client.post('/', { files: { one: 'text' } });
// @ts-expect-error one body
void client.post('/', { files: {}, json: 1 });
// @ts-expect-error one body
void client.post('/', { files: {}, body: 'x' });
// @ts-expect-error a path or content
void client.post('/', { files: { one: { path: 'a', content: 'b' } } });
// @ts-expect-error a path tells its length
void client.post('/', { files: { one: { path: 'a', length: 1 } } });
// @ts-expect-error GET has no body
void client.get('/', { files: {} });
// @ts-expect-error no such coding
void client.post('/', { body: 'x', compress: 'lzma' });

// Schemas.
const item = z.object({ price: z.string().transform(Number) });
expectTypeOf(whole.json(item)).toEqualTypeOf<Promise<{ price: number }>>();
expectTypeOf(streamed.json(item)).toEqualTypeOf<Promise<{ price: number }>>();
expectTypeOf(whole.json(valibot.object({ name: valibot.string() }))).toEqualTypeOf<Promise<{ name: string }>>();
expectTypeOf(whole.json<number>()).toEqualTypeOf<number>();
expectTypeOf(streamed.json()).toEqualTypeOf<Promise<unknown>>();
// @ts-expect-error no schema
void whole.json({ name: 'string' });

// Blobs.
expectTypeOf(whole.blob()).toEqualTypeOf<Blob>();
expectTypeOf(streamed.blob()).toEqualTypeOf<Promise<Blob>>();

// Links.
expectTypeOf(whole.links.next?.url).toEqualTypeOf<string | undefined>();
