/** Whatever a call ends with, and whatever reading its response does, says once what request it was about. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';

import { ReadError } from '@x/httpcore';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { callOf, Retries, RetryOnStatus, type Client, type ClientOptions } from '../../src/index.ts';
import { scripted, type Script } from '../scripted-dispatcher.ts';

const url = 'http://ada:s3cret@a.example/b?token=s3cret&page=2#s3cret';
const shown = 'http://a.example/b?token=[redacted]&page=2';

interface Failure {
  readonly options?: ClientOptions;
  readonly script: Script;
  readonly fails: (client: Client) => unknown;
}

const gzip = ['content-encoding', 'gzip'] as const;
const eventStream = ['content-type', 'text/event-stream'] as const;

async function all(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

async function save(client: Client, digest: string | true): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'errors-'));
  try {
    await (await client.stream('GET', url)).saveTo(join(folder, 'file'), { digest });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const failures: Record<string, Failure> = {
  'HTTPStatusError HTTP_STATUS': {
    script: () => ({ status: 404, reason: 'Gone' }),
    fails: async (client) => (await client.get(url)).raiseForStatus(),
  },
  'DecodingError INVALID_JSON': { script: () => ({ body: '{s3cret' }), fails: async (client) => (await client.get(url)).json() },
  'DecodingError INVALID_JSON, of nothing': { script: () => ({}), fails: async (client) => (await client.get(url)).json() },
  'DecodingError INVALID_JSON, of a stream': {
    script: () => ({ body: '{s3cret' }),
    fails: async (client) => (await client.stream('GET', url)).json(),
  },
  'SchemaMismatch SCHEMA_MISMATCH': {
    script: () => ({ body: '{"a":"s3cret"}' }),
    fails: async (client) => (await client.get(url)).json(z.object({ a: z.number() })),
  },
  'SchemaMismatch SCHEMA_MISMATCH, of a stream': {
    script: () => ({ body: '{"a":"s3cret"}' }),
    fails: async (client) => (await client.stream('GET', url)).json(z.object({ a: z.number() })),
  },
  'DecodingError CORRUPT_CODING': { script: () => ({ headers: [gzip], body: 's3cret' }), fails: (client) => client.get(url) },
  'DecodingError TRUNCATED_CODING': {
    script: () => ({ headers: [gzip], body: gzipSync('s3cret').subarray(0, 12) }),
    fails: async (client) => all(await client.stream('GET', url)),
  },
  'DecodingError CORRUPT_CODING, of a stream that has come': {
    script: () => ({ headers: [gzip], body: 's3cret', arrived: true }),
    fails: async (client) => (await client.stream('GET', url)).text(),
  },
  'DecodingError TOO_MANY_CODINGS': {
    script: () => ({ headers: Array.from({ length: 6 }, () => gzip), body: 's3cret' }),
    fails: (client) => client.get(url),
  },
  'ResponseTooLarge RESPONSE_TOO_LARGE': {
    options: { maxResponseBytes: 3 },
    script: () => ({ body: 's3cret' }),
    fails: (client) => client.get(url),
  },
  'ResponseTooLarge RESPONSE_TOO_LARGE, of a stream': {
    options: { maxResponseBytes: 3 },
    script: () => ({ body: 's3cret' }),
    fails: async (client) => all(await client.stream('GET', url)),
  },
  'ResponseTooLarge RESPONSE_TOO_LARGE, of a stream that has come': {
    options: { maxResponseBytes: 3 },
    script: () => ({ body: 's3cret', arrived: true }),
    fails: async (client) => all(await client.stream('GET', url)),
  },
  'DecodingError LINE_TOO_LONG': {
    script: () => ({ body: 's3cret' }),
    fails: async (client) => all((await client.stream('GET', url)).lines({ maxLength: 2 })),
  },
  'DecodingError EVENT_TOO_LARGE': {
    script: () => ({ headers: [eventStream], body: 'data: s3cret' }),
    fails: async (client) => all((await client.stream('GET', url)).sse({ maxEventSize: 4 })),
  },
  'DecodingError NOT_EVENT_STREAM': { script: () => ({}), fails: async (client) => all((await client.stream('GET', url)).sse()) },
  'HTTPStatusError HTTP_STATUS, of events': {
    script: () => ({ status: 404 }),
    fails: async (client) => all((await client.stream('GET', url)).sse()),
  },
  'DigestMismatch DIGEST_MISSING': { script: () => ({ body: 's3cret' }), fails: (client) => save(client, true) },
  'DigestMismatch DIGEST_MISMATCH': {
    script: () => ({ body: 's3cret' }),
    fails: (client) => save(client, `sha-256=${'a'.repeat(64)}`),
  },
  'Aborted ABORTED, of events': {
    script: () => ({ headers: [eventStream] }),
    fails: async (client) => all((await client.stream('GET', url)).sse({ signal: AbortSignal.abort() })),
  },
  'Aborted ABORTED, of a file': {
    script: () => ({}),
    fails: async (client) => (await client.stream('GET', url)).saveTo('nowhere', { signal: AbortSignal.abort() }),
  },
  'BodyConsumed BODY_CONSUMED': {
    script: () => ({ body: 's3cret' }),
    fails: async (client) => {
      const response = await client.stream('GET', url);
      await all(response);
      await response.text();
    },
  },
  'BodyConsumed BODY_CONSUMED, of a stream': {
    script: () => ({ body: 's3cret' }),
    fails: async (client) => {
      const response = await client.stream('GET', url);
      await all(response);
      response.toWebStream();
    },
  },
  'RedirectError UNSUPPORTED_REDIRECT': {
    script: () => ({ status: 302, headers: [['location', 'ftp://b.example/']] }),
    fails: (client) => client.get(url),
  },
  'RedirectError INVALID_LOCATION': {
    script: () => ({
      status: 302,
      headers: [
        ['location', '/c'],
        ['location', '/d'],
      ],
    }),
    fails: (client) => client.get(url),
  },
  'TooManyRedirects TOO_MANY_REDIRECTS': {
    options: { maxRedirects: 0 },
    script: () => ({ status: 302, headers: [['location', '/c']] }),
    fails: (client) => client.get(url),
  },
  'TooManyRetries TOO_MANY_RETRIES': {
    options: { retries: new Retries(1, { limits: [new RetryOnStatus()], backoffFactor: 0 }) },
    script: () => ({ status: 503 }),
    fails: (client) => client.get(url),
  },
  'BodyNotReplayable BODY_NOT_REPLAYABLE': {
    script: () => ({ status: 307, headers: [['location', '/c']] }),
    fails: (client) => client.request('GET', url, { body: (async function* () {})() }),
  },
  'ClientError INVALID_INTERCEPTOR': {
    options: { interceptors: [() => Promise.resolve(undefined as never)] },
    script: () => ({}),
    fails: (client) => client.get(url),
  },
  'ClientError INVALID_AUTH_FLOW': {
    options: {
      auth: {
        *authFlow() {
          yield undefined as never;
        },
      },
    },
    script: () => ({}),
    // What the URL says of credentials comes before a flow.
    fails: (client) => client.get(url.replace('ada:s3cret@', '')),
  },
  'ReadError READ_FAILED': {
    script: () => ({ body: 's3cret', bodyError: new ReadError('gone') }),
    fails: async (client) => all((await client.stream('GET', url)).lines()),
  },
};

describe('an error', () => {
  it.each(Object.entries(failures))('%s says what request it was about, once, and no secret', async (what, { options, script, fails }) => {
    const { client } = scripted(options, script);
    const error = await Promise.resolve(fails(client)).then(
      () => expect.unreachable(),
      (failure: unknown) => failure as Error & { code: string },
    );
    expect(what.split(',')[0]).toBe(`${error.name} ${error.code}`);
    expect(error.message.split(`GET ${shown}`)).toHaveLength(2);
    expect(error.stack).toContain(error.message);
    if (what.endsWith('of a stream that has come')) expect(callOf(error)?.attempts).toHaveLength(1);
    expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error)}`).not.toContain('s3cret');
  });
});
