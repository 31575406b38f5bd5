/** Connect, gRPC and gRPC-web over a client, against servers of @connectrpc/connect-node and @grpc/grpc-js. */
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp1Server } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { StringValueSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient, type ConnectRouter, type HandlerContext, type Transport } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { createTransport as createConnectTransport } from '@connectrpc/connect/protocol-connect';
import { createTransport as createGrpcTransport } from '@connectrpc/connect/protocol-grpc';
import { createTransport as createGrpcWebTransport } from '@connectrpc/connect/protocol-grpc-web';
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { Client } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { transportOptions } from '@x/interop/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { service, type Echo, type Text } from './echo-service.ts';

function routes(router: ConnectRouter): void {
  router.service(service, {
    say({ value }: Text, context: HandlerContext) {
      if (value === 'fail') throw new ConnectError('no such thing', Code.NotFound);
      if (value === 'hang')
        return new Promise<Text>((_, reject) => context.signal.addEventListener('abort', () => reject(new Error('over'))));
      context.responseHeader.set('x-head', 'h');
      context.responseTrailer.set('x-trail', 't');
      return { value: `${value} ${context.requestHeader.get('x-through')}` };
    },
    async *count({ value }: Text) {
      for (let at = 1; at <= Number(value); at += 1) yield { value: String(at) };
    },
    async collect(requests: AsyncIterable<Text>) {
      let all = '';
      for await (const { value } of requests) all += value;
      return { value: all };
    },
    async *chat(requests: AsyncIterable<Text>) {
      for await (const { value } of requests) yield { value: value.toUpperCase() };
    },
  } as never);
}

const handler = connectNodeAdapter({ routes });
const http1 = createHttp1Server(handler);
const http2 = createHttp2Server(handler);
const grpc = new Server();
let grpcPort = 0;
const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

const codec = {
  requestSerialize: (text: Text): Buffer => Buffer.from(toBinary(StringValueSchema, create(StringValueSchema, text))),
  requestDeserialize: (bytes: Buffer): Text => fromBinary(StringValueSchema, bytes),
  responseSerialize: (text: Text): Buffer => Buffer.from(toBinary(StringValueSchema, create(StringValueSchema, text))),
  responseDeserialize: (bytes: Buffer): Text => fromBinary(StringValueSchema, bytes),
};

beforeAll(async () => {
  await once(http1.listen(0, '127.0.0.1'), 'listening');
  await once(http2.listen(0, '127.0.0.1'), 'listening');
  grpc.addService(
    {
      say: { path: '/echo.Echo/Say', requestStream: false, responseStream: false, ...codec },
      count: { path: '/echo.Echo/Count', requestStream: false, responseStream: true, ...codec },
      chat: { path: '/echo.Echo/Chat', requestStream: true, responseStream: true, ...codec },
    },
    {
      say({ request, metadata }: ServerUnaryCall<Text, Text>, answer: (error: object | null, value?: Text, trailer?: Metadata) => void) {
        if (request.value === 'fail') return answer({ code: status.NOT_FOUND, details: 'no such thing' });
        const trailer = new Metadata();
        trailer.set('x-trail', 't');
        answer(null, { value: `${request.value} ${String(metadata.get('x-through')[0])}` }, trailer);
      },
      count(call: ServerWritableStream<Text, Text>) {
        for (let at = 1; at <= Number(call.request.value); at += 1) call.write({ value: String(at) });
        call.end();
      },
      chat(call: ServerDuplexStream<Text, Text>) {
        call.on('data', ({ value }: Text) => call.write({ value: value.toUpperCase() }));
        call.on('end', () => call.end());
      },
    },
  );
  grpcPort = await new Promise<number>((resolve, reject) => {
    grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error)));
  });
});

const overHttp2 = new ConnectionPool({ http1: false });
const client = new Client({ dispatcher: overHttp2, headers: { 'x-through': 'client' } });
const client1 = new Client({ headers: { 'x-through': 'client' } });
afterAll(async () => {
  await client.destroy();
  await client1.destroy();
  await overHttp2.destroy();
  grpc.forceShutdown();
  http1.close();
  http2.close();
});

const url = (port: number): { baseUrl: string } => ({ baseUrl: `http://127.0.0.1:${port}` });
const echoOver = (transport: Transport): Echo => createClient(service, transport) as unknown as Echo;

const cases: readonly (readonly [string, () => Transport, { readonly bidi: boolean; readonly all: boolean }])[] = [
  ['Connect over HTTP/1.1', () => createConnectTransport(transportOptions(client1, url(portOf(http1)))), { bidi: false, all: true }],
  ['Connect over HTTP/2', () => createConnectTransport(transportOptions(client, url(portOf(http2)))), { bidi: true, all: true }],
  ['gRPC-web over HTTP/1.1', () => createGrpcWebTransport(transportOptions(client1, url(portOf(http1)))), { bidi: false, all: true }],
  ['gRPC to connect-node', () => createGrpcTransport(transportOptions(client, url(portOf(http2)))), { bidi: true, all: true }],
  ['gRPC to grpc-js', () => createGrpcTransport(transportOptions(client, url(grpcPort))), { bidi: true, all: false }],
  ['gRPC over a pool', () => createGrpcTransport(transportOptions(overHttp2, url(portOf(http2)))), { bidi: true, all: true }],
];

describe.each(cases)('%s', (name, make, { bidi, all }) => {
  it('asks once, with fields and trailers', async () => {
    const heads: (string | null)[] = [];
    const answer = await echoOver(make()).say(
      { value: 'hi' },
      {
        headers: name === 'gRPC over a pool' ? { 'x-through': 'client' } : {},
        onTrailer: (trailers) => heads.push(trailers.get('x-trail')),
      },
    );
    expect(answer.value).toBe('hi client');
    expect(heads).toEqual(['t']);
  });

  it('is streamed to', async () => {
    const values: string[] = [];
    for await (const { value } of echoOver(make()).count({ value: '100' })) values.push(value);
    expect(values).toHaveLength(100);
  });

  it.runIf(all)('streams', async () => {
    async function* requests(): AsyncGenerator<Text> {
      for (const value of ['a', 'b', 'c']) yield await Promise.resolve({ value });
    }
    expect((await echoOver(make()).collect(requests())).value).toBe('abc');
  });

  it.runIf(bidi)('talks: each word is answered before the next one is said', async () => {
    let answered!: () => void;
    let next = Promise.resolve();
    async function* requests(): AsyncGenerator<Text> {
      for (const value of ['a', 'b', 'c']) {
        await next;
        next = new Promise((resolve) => {
          answered = resolve;
        });
        yield { value };
      }
      await next;
    }
    const heard: string[] = [];
    for await (const { value } of echoOver(make()).chat(requests())) {
      heard.push(value);
      answered();
    }
    expect(heard).toEqual(['A', 'B', 'C']);
  });

  it('fails with the code of the service', async () => {
    await expect(echoOver(make()).say({ value: 'fail' })).rejects.toMatchObject({ code: Code.NotFound, rawMessage: 'no such thing' });
  });

  it.runIf(all)('has what its own messages failed with, which is no reason to try once more', async () => {
    async function* requests(): AsyncGenerator<Text> {
      yield await Promise.resolve({ value: 'a' });
      throw new RangeError('my own');
    }
    await expect(echoOver(make()).collect(requests())).rejects.toMatchObject({ code: Code.Internal, rawMessage: 'my own' });
  });

  it.runIf(all)('has a deadline, and is cancelled', async () => {
    await expect(echoOver(make()).say({ value: 'hang' }, { timeoutMs: 30 })).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    const controller = new AbortController();
    const asked = echoOver(make()).say({ value: 'hang' }, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(asked).rejects.toMatchObject({ code: Code.Canceled });
  });
});

it('is unavailable where nobody listens', async () => {
  for (const carrier of [client1, overHttp2]) {
    const echo = echoOver(createConnectTransport(transportOptions(carrier, { baseUrl: 'http://127.0.0.1:1' })));
    const failure: unknown = await echo.say({ value: 'hi' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConnectError);
    expect(failure).toMatchObject({ code: Code.Unavailable, cause: { name: 'ConnectError', code: 'CONNECT_FAILED' } });
  }
});

it('the example of the guide runs as it stands there, with the names that it leaves open', async () => {
  const guide = await readFile(new URL('../../../../../apps/docs/interop/connect.md', import.meta.url), 'utf8');
  const example = /^```js\n([\s\S]*?)^```$/m.exec(guide)?.[1];
  const path = fileURLToPath(new URL('.snippets/connect.js', import.meta.url));
  const given = [
    `import { ConnectionPool } from '@x/httpcore';`,
    `import { service as ElizaService } from '../echo-service.ts';`,
    example!
      .replace('https://api.example.com', url(portOf(http2)).baseUrl)
      // Without TLS nothing says that the server speaks HTTP/2.
      .replace('new Client()', 'new Client({ dispatcher: new ConnectionPool({ http1: false }) })'),
    'export { client, eliza };',
  ];
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, given.join('\n'));
  try {
    const made = (await import(/* @vite-ignore */ path)) as { readonly client: Client; readonly eliza: Echo };
    expect((await made.eliza.collect(asStream('a', 'b'))).value).toBe('ab');
    await made.client.destroy();
  } finally {
    await rm(dirname(path), { recursive: true });
  }
});

async function* asStream(...values: readonly string[]): AsyncGenerator<Text> {
  for (const value of values) yield { value };
}
