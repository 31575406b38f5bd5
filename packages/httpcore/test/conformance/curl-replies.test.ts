/** Replies of curl's test suite from a raw server, in writes of various sizes, through the pool: what curl reads, we read. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { close, hang, receiveRequest, send, startRawServer, type RawServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, HttpCoreError, type Timeouts } from '../../src/index.ts';
import { bareLineFeed, bodyDifferences, differences, failureOfExitCode, type Failure } from './curl/differences.ts';
import {
  hasBareLineFeed,
  headersOf,
  optionsWithEffect,
  optionsWithoutEffect,
  readAsCurl,
  urlOf,
  type Answer,
  type CurlCase,
} from './curl/reply.ts';
import { describeConformance, type ConformanceData } from './data.ts';

interface Observed {
  answer: Omit<Answer, 'body'> | undefined;
  body: string | undefined;
  error: unknown;
  connectionsLeft: number;
}

/** No case takes longer than this many writes. */
const mostPieces = 400;

function read(data: ConformanceData): readonly CurlCase[] {
  return data.json('http1/curl-replies.json');
}

describeConformance("curl's replies", (data) => {
  const cases = read(data);

  it('are all here, and so is what each difference is about', () => {
    expect(cases).toHaveLength(80);
    const ids = new Set(cases.map(({ id }) => id));
    expect([...Object.keys(differences), ...Object.keys(bodyDifferences)].filter((id) => !ids.has(Number(id)))).toEqual([]);
    const options = new Set(cases.flatMap(({ request }) => Object.keys(request)));
    for (const handled of ['method', 'urls', 'headers', 'body']) options.delete(handled);
    expect(Array.from(options).filter((option) => !(option in optionsWithoutEffect) && !optionsWithEffect.has(option))).toEqual([]);
  });

  for (const given of cases) {
    const reply = Buffer.from(given.replyB64.data, 'base64');
    const difference = differences[given.id];
    const strictly = hasBareLineFeed(reply) ? ` (${bareLineFeed.reason})` : '';
    const note = difference?.reason ?? bodyDifferences[given.id];

    it(`${given.id} ${given.name}${strictly}${note === undefined ? '' : ` (not so: ${note})`}`, async () => {
      const { answer } = readAsCurl(reply, given.request);
      const failure = expectedFailure(given);
      const finest = Math.max(1, Math.ceil(reply.length / mostPieces));
      const seen = await Promise.all([
        observe(given, reply, { lenient: false, pieceBytes: finest }),
        observe(given, reply, { lenient: false, pieceBytes: 100 * finest }),
        observe(given, reply, { lenient: true, pieceBytes: 7 * finest }),
      ]);
      for (const [index, observed] of seen.entries()) {
        const refusal = hasBareLineFeed(reply) && index < 2 ? bareLineFeed : undefined;
        expectObserved(observed, answer, refusal ?? failure);
      }
    });
  }
});

/** What curl's exit code and the table of differences come to. */
function expectedFailure({ id, curlExitCode }: CurlCase): Failure | undefined {
  const difference = differences[id];
  if (difference === undefined) {
    if (curlExitCode === '0') return undefined;
    const failure = failureOfExitCode[curlExitCode];
    if (failure === undefined)
      throw new Error(`curl's exit code ${curlExitCode} has no counterpart, and test ${id} is no known difference`);
    return failure;
  }
  // A difference that is none must leave the table.
  const theirs = curlExitCode === '0' ? undefined : failureOfExitCode[curlExitCode];
  if (curlExitCode === '0' || theirs !== undefined) expect(difference.failure).not.toEqual(theirs);
  return difference.failure;
}

function expectObserved(observed: Observed, answer: Answer | undefined, failure: Failure | undefined): void {
  if (failure === undefined) {
    const { body, ...head } = answer!;
    expect(observed).toMatchObject({ answer: head, body, error: undefined });
    return;
  }
  expect(observed.error).toBeInstanceOf(HttpCoreError);
  const { name, code, phase } = observed.error as HttpCoreError;
  expect({ name, code }).toEqual({ name: failure.name, code: expect.stringMatching(failure.code) });
  expect(phase).toBe(observed.answer === undefined ? 'response-head' : 'response-body');
  if (observed.answer !== undefined) expect(answer).toMatchObject(observed.answer);
  expect(observed.body).toBeUndefined();
  expect(observed.connectionsLeft).toBe(0);
}

async function serve(given: CurlCase, reply: Buffer, pieceBytes: number): Promise<RawServer> {
  const timesOut = given.curlExitCode === '28';
  const closes = given.closesAfter.data || readAsCurl(reply, given.request).endsAtClose;
  return startRawServer([receiveRequest(), send(reply, { pieceBytes }), closes && !timesOut ? close() : hang()]);
}

async function observe(given: CurlCase, reply: Buffer, way: { readonly lenient: boolean; readonly pieceBytes: number }): Promise<Observed> {
  await using server = await serve(given, reply, way.pieceBytes);
  const pool = new ConnectionPool({ lenientHttp1: way.lenient });
  const { request } = given;
  const timeouts: Timeouts = [null, given.curlExitCode === '28' ? 50 : null, null, null];
  const body = request.body === undefined ? null : [Buffer.from(request.body)];
  const observed: Observed = { answer: undefined, body: undefined, error: undefined, connectionsLeft: 0 };
  try {
    const [, status, reason, headers, responseBody] = await pool.dispatch(
      request.method,
      urlOf(request, server.port),
      headersOf(request),
      body,
      timeouts,
    );
    observed.answer = { status, reason, headers };
    observed.body = Buffer.from(await responseBody.bytes()).toString('latin1');
  } catch (error) {
    observed.error = error;
  }
  observed.connectionsLeft = pool.stats().connections;
  await pool.destroy();
  return observed;
}

// What `readAsCurl` says is what curl does: asked of curl itself, where there is one.

const execute = promisify(execFile);
const curlVersion = await execute('curl', ['--version']).then(
  ({ stdout }) => /^curl (\S+)/.exec(stdout)?.[1],
  () => undefined,
);
if (curlVersion === undefined) console.warn('No curl: what the replies are compared with is not compared with curl itself.');

describe.skipIf(curlVersion === undefined)(`curl ${curlVersion ?? '(SKIPPED: not installed)'}`, () => {
  describeConformance('reads its replies as we say', (data) => {
    const cases = read(data).filter(({ curlExitCode }) => curlExitCode === '0');

    it('in every case that ends well', async () => {
      for (let at = 0; at < cases.length; at += 4) await Promise.all(cases.slice(at, at + 4).map(compareWithCurl));
    });
  });
});

async function compareWithCurl(given: CurlCase): Promise<void> {
  const reply = Buffer.from(given.replyB64.data, 'base64');
  await using server = await serve(given, reply, Math.max(1, reply.length));
  const { request } = given;
  const [scheme, host, port, target] = urlOf(request, server.port);
  const flags = ['-q', '-sS', '--max-time', '10', '--noproxy', '*', '--write-out', '%{stderr}%{http_code}'];
  if (request.method === 'HEAD') flags.push('--head', '--output', '/dev/null');
  else if (request.body === undefined) flags.push('--request', request.method);
  else flags.push('--data-binary', request.body);
  if (request['http09'] === true) flags.push('--http0.9');
  if (request['ignoreCL'] === true) flags.push('--ignore-content-length');
  if (request['raw'] === true && !(given.id in bodyDifferences)) flags.push('--raw');
  const { answer } = readAsCurl(reply, request);
  const { stdout, stderr } = await execute('curl', [...flags, `${scheme}://${host}:${port}${target}`], {
    encoding: 'latin1',
    timeout: 15_000,
  });
  expect({ id: given.id, body: stdout }).toEqual({ id: given.id, body: answer?.body ?? reply.toString('latin1') });
  if (answer !== undefined) expect({ id: given.id, status: Number(stderr) }).toEqual({ id: given.id, status: answer.status });
}
