/** @aws-sdk/client-s3 against a server that keeps objects as S3 does. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Client } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { requestHandler, type SmithyRequestHandler } from '@x/interop/smithy';
import { hasIPv6, startServer, type EchoedRequest } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const objects = new Map<string, Buffer>();
const parts = new Map<string, Buffer>();
let continued = 0;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3');
  const body = Buffer.concat((await request.toArray()) as Buffer[]);
  const xml = (text: string, status = 200): void => void response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
  if (request.headers.authorization?.startsWith('AWS4-HMAC-SHA256') !== true) return xml('<Error><Code>AccessDenied</Code></Error>', 403);
  if (searchParams.has('uploads')) return xml('<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>');
  if (searchParams.has('partNumber')) {
    parts.set(searchParams.get('partNumber')!, body);
    response.setHeader('etag', `"${createHash('md5').update(body).digest('hex')}"`);
    return void response.end();
  }
  if (searchParams.has('uploadId')) {
    const ordered = [...parts].sort(([a], [b]) => Number(a) - Number(b));
    objects.set(pathname, Buffer.concat(ordered.map(([, part]) => part)));
    return xml('<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>');
  }
  if (request.method === 'PUT') {
    objects.set(pathname, body);
    return void response.writeHead(200, { etag: '"one"' }).end();
  }
  const found = objects.get(pathname);
  if (found === undefined) return xml('<Error><Code>NoSuchKey</Code><Message>None</Message></Error>', 404);
  response.writeHead(200, { 'content-length': found.length, 'content-type': 'application/octet-stream', 'x-amz-meta-a': 'b' });
  response.end(request.method === 'HEAD' ? undefined : found);
}

const server = createServer((request, response) => void answer(request, response));
server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
  continued += 1;
  response.writeContinue();
  void answer(request, response);
});
let endpoint: string;
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

const client = new Client();
const pool = new ConnectionPool();
afterAll(async () => {
  await client.destroy();
  await pool.destroy();
  server.close();
});

function s3(handler: SmithyRequestHandler, options: object = {}): S3Client {
  return new S3Client({
    region: 'us-east-1',
    endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    requestHandler: handler,
    ...options,
  });
}

describe.each([
  ['a client', () => requestHandler(client)],
  ['a pool', () => requestHandler(pool)],
] as const)('S3 over %s', (_, make) => {
  it('puts and gets: text, bytes, streams', async () => {
    const bucket = s3(make());
    const put = await bucket.send(new PutObjectCommand({ Bucket: 'b', Key: "a dir/ü '(1)*.txt", Body: 'hello', Metadata: { a: 'b' } }));
    expect(put.ETag).toBe('"one"');
    const got = await bucket.send(new GetObjectCommand({ Bucket: 'b', Key: "a dir/ü '(1)*.txt" }));
    expect(await got.Body?.transformToString()).toBe('hello');
    expect(got.Metadata).toEqual({ a: 'b' });
    const large = randomBytes(3_000_000);
    const before = continued;
    const body = Readable.from([large.subarray(0, 1_000_000), large.subarray(1_000_000)]);
    await bucket.send(new PutObjectCommand({ Bucket: 'b', Key: 'large', Body: body, ContentLength: large.length }));
    expect(continued).toBe(before + 1);
    const stream = (await bucket.send(new GetObjectCommand({ Bucket: 'b', Key: 'large' }))).Body as Readable;
    expect(Buffer.concat((await stream.toArray()) as Buffer[]).equals(large)).toBe(true);
    const { ContentLength } = await bucket.send(new HeadObjectCommand({ Bucket: 'b', Key: 'large' }));
    expect(ContentLength).toBe(large.length);
  });

  it('uploads in parts', async () => {
    parts.clear();
    const whole = randomBytes(12 * 1024 * 1024);
    const body = Readable.from([whole.subarray(0, 7_000_000), whole.subarray(7_000_000)]);
    await new Upload({ client: s3(make()), params: { Bucket: 'b', Key: 'parts', Body: body } }).done();
    expect(parts.size).toBe(3);
    expect(objects.get('/b/parts')?.equals(whole)).toBe(true);
  });

  it('throws the errors of the service', async () => {
    await expect(s3(make()).send(new GetObjectCommand({ Bucket: 'b', Key: 'none' }))).rejects.toBeInstanceOf(NoSuchKey);
  });

  it('aborts, before its head and in its body', async () => {
    await using slow = await startServer('slow', { pieces: ['a', 'b'] });
    const bucket = s3(make(), { endpoint: slow.origin });
    const controller = new AbortController();
    const sent = bucket.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }), { abortSignal: controller.signal });
    await slow.connections.until(({ requests }) => requests === 1);
    controller.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    slow.head.open();
    const second = new AbortController();
    const { Body } = await bucket.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }), { abortSignal: second.signal });
    second.abort();
    await expect(Body?.transformToString()).rejects.toMatchObject({ name: 'AbortError' });
    await slow.connections.until(({ open }) => open === 0);
  });
});

describe('a request handler', () => {
  it('gives up in time', async () => {
    await using slow = await startServer('slow');
    const bucket = s3(requestHandler(client, { requestTimeout: 20 }), { endpoint: slow.origin });
    await expect(bucket.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }))).rejects.toMatchObject({
      name: 'TimeoutError',
      code: 'ETIMEDOUT',
    });
    await slow.connections.until(({ open }) => open === 0);
  });

  it('fails in a way that the SDK tries again', async () => {
    let requests = 0;
    await using flaky = await startServer((request, response) => {
      requests += 1;
      if (requests < 3) request.socket.destroy();
      else response.end('third');
    });
    const bucket = s3(requestHandler(client), { endpoint: flaky.origin, maxAttempts: 3, retryStrategy: undefined });
    const { Body } = await bucket.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }));
    expect([await Body?.transformToString(), requests]).toEqual(['third', 3]);
    const refused = s3(requestHandler(client), { endpoint: 'http://127.0.0.1:1' });
    await expect(refused.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('tries again what broke off in the middle, and tells of it as of a lost connection', async () => {
    let requests = 0;
    await using flaky = await startServer((request, response) => {
      requests += 1;
      if (requests > 1) return void response.end('<ListBucketResult><Name>whole</Name></ListBucketResult>');
      response.writeHead(200, { 'content-length': 100 }).write('<ListBucketResult>', () => request.socket.destroy());
    });
    const bucket = s3(requestHandler(client), { endpoint: flaky.origin, maxAttempts: 3 });
    const { Name } = await bucket.send(new ListObjectsV2Command({ Bucket: 'b' }));
    expect([Name, requests]).toEqual(['whole', 2]);
  });

  it.each([
    ['a client', () => requestHandler(client)],
    ['a pool', () => requestHandler(pool)],
  ] as const)('over %s has the whole of a request, as older SDKs write it', async (_, make) => {
    await using echo = await startServer('echo');
    const { port } = new URL(echo.origin);
    const sent = async (request: object): Promise<EchoedRequest> => {
      const given = { protocol: 'http:', hostname: '127.0.0.1', port: Number(port), method: 'GET', path: '', headers: {}, ...request };
      const { response } = await make().handle(given);
      return JSON.parse(Buffer.concat((await response.body.toArray()) as Buffer[]).toString()) as EchoedRequest;
    };
    const { target, headers } = await sent({ username: 'u', password: 'p', headers: { 'x-number': 5 } });
    expect(target).toBe('/');
    expect(headers).toContainEqual(['authorization', 'Basic dTpw']);
    expect(headers).toContainEqual(['x-number', '5']);
    expect((await sent({ username: 'u', headers: { Authorization: 'own' } })).headers).toContainEqual(['Authorization', 'own']);
    if (hasIPv6) await expect(sent({ hostname: '::1', port: 1 })).rejects.toMatchObject({ code: 'ECONNREFUSED', address: '::1' });
    const broken = new PassThrough();
    broken.on('error', () => {});
    const mistake = new RangeError('my own');
    const failing = sent({ method: 'PUT', body: broken });
    broken.destroy(mistake);
    await expect(failing).rejects.toBe(mistake);
  });

  it.each([
    ['a client', () => requestHandler(client)],
    ['a pool', () => requestHandler(pool)],
  ] as const)('over %s is aborted by the signal of older SDKs, which has onabort alone', async (_, make) => {
    await using slow = await startServer('slow', { pieces: ['a', 'b'] });
    const { port } = new URL(slow.origin);
    const request = { protocol: 'http:', hostname: '127.0.0.1', port: Number(port), method: 'GET', path: '/', headers: {} };
    const first = new LegacySignal();
    const asked = make().handle(request, { abortSignal: first });
    await slow.connections.until(({ requests }) => requests === 1);
    first.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    await expect(make().handle(request, { abortSignal: first })).rejects.toMatchObject({ name: 'AbortError' });
    slow.head.open();
    const second = new LegacySignal();
    const { response } = await make().handle(request, { abortSignal: second });
    const read = response.body.toArray();
    second.abort();
    await expect(read).rejects.toMatchObject({ name: 'AbortError' });
    await slow.connections.until(({ open }) => open === 0);
    expect(second.onabort).toBeNull();
  });

  it('refuses what it can not use', () => {
    expect(() => requestHandler({} as never)).toThrow(TypeError);
    expect(() => requestHandler(client, { requestTimeout: -1 })).toThrow('"requestTimeout"');
  });
});

/** As that of `@smithy/abort-controller`. */
class LegacySignal {
  aborted = false;
  onabort: ((this: unknown, event: unknown) => void) | null = null;

  abort(): void {
    this.aborted = true;
    this.onabort?.call(this, undefined);
  }
}
