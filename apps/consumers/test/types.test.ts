import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { newConsumer, type Consumer } from '../src/packed.ts';
import { node } from '../src/processes.ts';

const modules = join(import.meta.dirname, '../node_modules');
const compilers = { 5.4: 'typescript-5.4/bin/tsc', 5.9: 'typescript/bin/tsc', 7: 'typescript-7/bin/tsc' };

let consumer: Consumer;

const program = `
import { Client, Headers as OurHeaders, StreamResponse, type Interceptor, type RequestOptions, type Response } from '@x/client';
import { mockClient } from '@x/client/testing';
import { ConnectionPool } from '@x/httpcore';
import { FakeClock } from '@x/httpcore/testing';

const client: Client = new Client({ dispatcher: new ConnectionPool() });
export async function fetchAll(options: RequestOptions): Promise<Response> {
  const response = await client.post('/items', { ...options });
  const bytes: Uint8Array = response.bytes();
  void bytes;
  return response;
}

interface Query {
  page: number;
  tags?: string[];
}
export async function used(query: Query, options: RequestOptions): Promise<void> {
  const response = await client.get('/items', { params: query });
  const blob: Blob = new Blob([response.bytes()]);
  const digest: ArrayBuffer = await crypto.subtle.digest('SHA-256', response.bytes());
  const headers = new Headers(response.headers);
  const back = new OurHeaders(headers);
  const platform = new globalThis.Response(response.bytes(), { headers: new Headers(response.headers) });
  const user = await client.post('/user', { ...options, timeout: 5, headers: { a: '1', b: ['2'] } }).json<{ name: string }>();
  const name: string = user.name;
  const text: string = await client.get('/', { params: [['a', 1]] }).raiseForStatus().text();
  for await (const line of client.get('/').lines()) void (line satisfies string);
  await using streamed = await client.stream('GET', '/', { signal: AbortSignal.timeout(5) });
  for await (const chunk of streamed) void (chunk satisfies Uint8Array);
  const web: ReadableStream<Uint8Array> = streamed.toWebStream();
  void [blob, digest, back, platform, name, text, web];
}
export const answering: Interceptor = (request) => StreamResponse.of(request, { status: 200 });
export const passing: Interceptor = async (request, _context, next) => next(request);
export const asFetch: typeof globalThis.fetch = client.fetch;
export const mocked: Client = mockClient(() => ({ status: 200 }));
void FakeClock;
`;

beforeAll(async () => {
  consumer = await newConsumer();
  // TypeScript 5.4 can not read newer declarations of Node.
  await consumer.install('@types/node');
  for (const file of ['program.mts', 'program.cts', 'program.ts']) await consumer.write(file, program);
}, 120_000);

afterAll(() => consumer?.remove());

// Slow where others work beside them.
vi.setConfig({ testTimeout: 120_000 });

// The declarations of ours and of Node; those of the compiler itself are its own affair.
const common = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--skipDefaultLibCheck', '--types', 'node', '--target', 'es2022'];

// Each combination takes seconds: the oldest, the newest and the usual stand for the rest.
test.each([
  ['5.4, ES modules and CommonJS', '5.4', ['--module', 'node16', '--lib', 'es2023', 'program.mts', 'program.cts']],
  [
    '5.4, by a resolution that knows no exports',
    '5.4',
    ['--module', 'commonjs', '--moduleResolution', 'node10', '--lib', 'es2023', 'program.ts'],
  ],
  ['5.9, for a bundler and with DOM', '5.9', ['--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2023,dom', 'program.ts']],
  ['7, with all of DOM', '7', ['--module', 'nodenext', '--lib', 'es2023,dom,dom.iterable,dom.asynciterable', 'program.mts']],
  ['7, ES modules and CommonJS', '7', ['--module', 'nodenext', '--lib', 'es2023', 'program.mts', 'program.cts']],
] as const)('every declaration is right for TypeScript %s', async (_case, version, args) => {
  expect(await node([join(modules, compilers[version]), ...common, ...args], consumer.folder)).toBe('');
});
