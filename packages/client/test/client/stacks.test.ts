import { ConnectError } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import type { Client, Interceptor, StandardSchema } from '../../src/index.ts';
import { mockClient } from '../../src/testing/index.ts';

const url = 'http://a.example/';
const passing = (): Interceptor => async (request, _context, next) => await next(request);
const client = mockClient(
  () => {
    throw new ConnectError('down');
  },
  { retries: 1, interceptors: [passing(), passing(), passing()], networkInterceptors: [passing()], auth: ['u', 'p'] },
);

const answering = mockClient(({ url: [, , , path] }) => ({
  status: path === '/missing' ? 404 : 200,
  body: path === '/text' ? 'text' : '{}',
}));
const mismatch: StandardSchema<string> = {
  '~standard': { version: 1, vendor: 'test', validate: async () => ({ issues: [{ message: 'no' }] }) },
};

/** The frames of an error that `call` fails with, of which the first that is awaited in it is the function `ownLine`. */
async function framesOf(call: (client: Client) => Promise<unknown>): Promise<string[]> {
  async function ownLine(): Promise<void> {
    await call(client);
  }
  try {
    await ownLine();
  } catch (error) {
    return (error as Error).stack!.split('\n').filter((line) => line.startsWith('    at '));
  }
  return expect.fail('it did not fail');
}

describe("the caller's own line", () => {
  it.each<[string, (client: Client) => Promise<unknown>]>([
    ['get', (client_) => client_.get(url)],
    ['stream', (client_) => client_.stream('GET', url)],
    ['send', (client_) => client_.send(client_.buildRequest('GET', url))],
    ['get and json', (client_) => client_.get(url).json()],
    ['get, raiseForStatus and text', (client_) => client_.get(url).raiseForStatus().text()],
    ['an extended client', (client_) => client_.extend({ interceptors: [passing(), passing()] }).get(url)],
    ['an option that is none', (client_) => client_.get(url, { timeout: -1 })],
    [
      'a closed client',
      async (client_) => {
        const closed = client_.extend({});
        await closed.close();
        return closed.get(url);
      },
    ],
  ])('is among the first of the stack: %s', async (_, call) => {
    const frames = await framesOf(call);
    const own = frames.findIndex((frame) => frame.includes('ownLine'));
    expect(own).toBeGreaterThanOrEqual(0);
    expect(own).toBeLessThanOrEqual(2);
  });

  it.each<[string, (client: Client) => Promise<unknown>]>([
    ['a response', async (client_) => await (await client_.get(url)).json(mismatch)],
    ['a promise', (client_) => client_.get(url).json(mismatch)],
    ['a stream', async (client_) => (await client_.stream('GET', url)).json(mismatch)],
    ['what is no JSON', (client_) => client_.get(`${url}text`).json()],
    ['a stream of what is no JSON', async (client_) => (await client_.stream('GET', `${url}text`)).json()],
    ['a status', (client_) => client_.get(`${url}missing`).raiseForStatus().json()],
  ])('is in the stack of what is wrong with the content of %s', async (_, call) => {
    async function ownLine(): Promise<void> {
      await call(answering);
    }
    const error: unknown = await ownLine().catch((thrown: unknown) => thrown);
    expect((error as Error).stack).toContain('ownLine');
  });

  it('comes after that of an interceptor that has thrown', async () => {
    async function interceptorLine(): Promise<never> {
      throw new Error('no');
    }
    const frames = await framesOf((client_) => client_.extend({ interceptors: [passing(), passing(), interceptorLine] }).get(url));
    expect(frames[0]).toContain('interceptorLine');
    expect(frames.some((frame) => frame.includes('ownLine'))).toBe(true);
  });

  it('is nothing to programs that have their stacks their own way', async () => {
    const { prepareStackTrace, stackTraceLimit } = Error;
    const codes: string[] = [];
    const note = (error: { code: string }): number => codes.push(error.code);
    try {
      Error.prepareStackTrace = (_, sites) => sites.length;
      await client.get(url).catch(note);
      Error.prepareStackTrace = prepareStackTrace;
      Error.stackTraceLimit = 0;
      await client.get(url).catch(note);
      await client.get(url, { timeout: -1 }).catch(note);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
      Error.stackTraceLimit = stackTraceLimit;
    }
    expect(codes).toEqual(['TOO_MANY_RETRIES', 'TOO_MANY_RETRIES', 'INVALID_OPTION']);
  });
});
