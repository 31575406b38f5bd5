/** Bad input from the wire: each case gives a typed error with code, phase and origin, and its connection is not used again. */
import {
  createGate,
  receiveHead,
  receiveRequest,
  reset,
  send,
  close,
  hang,
  startRawServer,
  waitFor,
  withEnoughTime,
  type RawScript,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, HttpCoreError, type Timeouts, type UrlParts } from '../../../src/index.ts';

const noLimits: Timeouts = [null, null, null, null];

interface Failure {
  readonly name: string;
  readonly script: RawScript;
  readonly error: { readonly name: string; readonly code: string; readonly phase: string; readonly requestSent: boolean };
  /** Reading is given a limit. */
  readonly isSilent?: boolean;
}

const head = 'HTTP/1.1 200 OK\r\n';
const remote = (code: string, phase = 'response-head') => ({ name: 'RemoteProtocolError', code, phase, requestSent: true });

const failures: readonly Failure[] = [
  { name: 'garbage', script: [receiveHead(), send('SSH-2.0-OpenSSH_9.2\r\n')], error: remote('INVALID_RESPONSE') },
  {
    name: 'two lengths',
    script: [receiveHead(), send(`${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\na`)],
    error: remote('CONFLICTING_FRAMING'),
  },
  {
    name: 'a length beside chunked',
    script: [receiveHead(), send(`${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`)],
    error: remote('CONFLICTING_FRAMING'),
  },
  {
    name: 'a bad chunk size',
    script: [receiveHead(), send(`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`)],
    error: remote('INVALID_CHUNK', 'response-body'),
  },
  { name: 'a head without end', script: [receiveHead(), send(`${head}a: ${'b'.repeat(70_000)}`), hang()], error: remote('HEAD_TOO_LARGE') },
  {
    name: 'three hundred fields',
    script: [receiveHead(), send(`${head}${'a: b\r\n'.repeat(300)}\r\n`), hang()],
    error: remote('TOO_MANY_FIELDS'),
  },
  {
    name: 'an end before the answer',
    script: [receiveHead(), close()],
    error: { name: 'ReadError', code: 'CONNECTION_CLOSED', phase: 'response-head', requestSent: true },
  },
  { name: 'an end within the head', script: [receiveHead(), send('HTTP/1.1 200 O'), close()], error: remote('INCOMPLETE_HEAD') },
  {
    name: 'an end within the body',
    script: [receiveHead(), send(`${head}Content-Length: 10\r\n\r\nhal`), close()],
    error: remote('INCOMPLETE_BODY', 'response-body'),
  },
  {
    name: 'an end within a chunk',
    script: [receiveHead(), send(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`), close()],
    error: remote('INCOMPLETE_BODY', 'response-body'),
  },
  {
    name: 'a reset before the answer',
    script: [receiveHead(), reset()],
    error: { name: 'ReadError', code: 'READ_FAILED', phase: 'response-head', requestSent: true },
  },
  {
    name: 'silence before the answer',
    script: [receiveHead(), hang()],
    isSilent: true,
    error: { name: 'ReadTimeout', code: 'READ_TIMEOUT', phase: 'response-head', requestSent: true },
  },
  {
    name: 'silence within the body',
    script: [receiveHead(), send(`${head}Content-Length: 10\r\n\r\nhal`), hang()],
    isSilent: true,
    error: { name: 'ReadTimeout', code: 'READ_TIMEOUT', phase: 'response-body', requestSent: true },
  },
];

async function fetchAll(pool: ConnectionPool, url: UrlParts, timeouts: Timeouts): Promise<string> {
  const [, , , , body] = await pool.dispatch('GET', url, [], null, timeouts);
  return Buffer.from(await body.bytes()).toString('latin1');
}

describe('a misbehaving server', () => {
  for (const { name, script, error, isSilent = false } of failures) {
    const expectFailure = async (timeouts: Timeouts): Promise<void> => {
      await using server = await startRawServer(script);
      await using pool = new ConnectionPool();
      const url: UrlParts = ['http', '127.0.0.1', server.port, '/'];
      const failure: unknown = await fetchAll(pool, url, timeouts).catch((reason: unknown) => reason);
      expect(failure).toBeInstanceOf(HttpCoreError);
      expect(failure).toMatchObject({ ...error, method: 'GET', origin: `http://127.0.0.1:${server.port}`, connectionReused: false });
      // The line that called is in the stack, although the error was made in a socket's callback.
      expect((failure as Error).stack).toContain('fetchAll');
      expect(pool.stats()).toMatchObject({ connections: 0, active: 0, queued: 0 });
    };
    it(`${name}: ${error.name} ${error.code}`, async () => {
      if (isSilent) await withEnoughTime((read) => expectFailure([null, read, null, null]));
      else await expectFailure(noLimits);
    });
  }

  it('that answers before it is asked loses its connection', async () => {
    const early = createGate();
    await using server = await startRawServer((connection) =>
      connection === 0
        ? [
            receiveRequest(),
            send(`${head}Content-Length: 2\r\n\r\nok`),
            waitFor(early),
            send(`${head}Content-Length: 4\r\n\r\nevil`),
            hang(),
          ]
        : [receiveRequest(), send(`${head}Content-Length: 4\r\n\r\ngood`), hang()],
    );
    await using pool = new ConnectionPool();
    const url: UrlParts = ['http', '127.0.0.1', server.port, '/'];
    expect(await fetchAll(pool, url, noLimits)).toBe('ok');
    early.open();
    await expect.poll(() => pool.stats().connections).toBe(0);
    expect(await fetchAll(pool, url, noLimits)).toBe('good');
    expect(server.transcripts).toHaveLength(2);
    await pool.destroy();
  });

  it('that answers before it is asked, while the program is busy, is not believed either', async () => {
    const early = createGate();
    await using server = await startRawServer((connection) =>
      connection === 0
        ? [
            receiveRequest(),
            send(`${head}Content-Length: 2\r\n\r\nok`),
            waitFor(early),
            send(`${head}Content-Length: 4\r\n\r\nevil`),
            hang(),
          ]
        : [receiveRequest(), send(`${head}Content-Length: 4\r\n\r\ngood`), hang()],
    );
    await using pool = new ConnectionPool();
    const url: UrlParts = ['http', '127.0.0.1', server.port, '/'];
    expect(await fetchAll(pool, url, noLimits)).toBe('ok');
    early.open();
    // The server runs in this process, so its bytes leave in this turn; ours are looked at only after the loop is held up.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const until = performance.now() + 20;
    while (performance.now() < until);
    expect(await fetchAll(pool, url, noLimits)).toBe('good');
    await pool.destroy();
  });

  it('that sends more than its answer loses its connection, and the answer stands', async () => {
    await using server = await startRawServer([
      receiveHead(),
      send(`${head}Content-Length: 2\r\n\r\nok${head}Content-Length: 4\r\n\r\nevil`),
      hang(),
    ]);
    await using pool = new ConnectionPool();
    expect(await fetchAll(pool, ['http', '127.0.0.1', server.port, '/'], noLimits)).toBe('ok');
    expect(pool.stats().connections).toBe(0);
  });

  it('that resets at any byte of its answer gives one typed error and leaves nothing', async () => {
    const answer = `${head}Transfer-Encoding: chunked\r\nX-A: 1\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
    await using pool = new ConnectionPool();
    for (let at = 0; at < answer.length; at += 1) {
      await using server = await startRawServer([receiveHead(), send(answer.slice(0, at)), reset()]);
      const failure: unknown = await fetchAll(pool, ['http', '127.0.0.1', server.port, '/'], noLimits).catch((reason: unknown) => reason);
      expect(failure, `reset at ${at}`).toBeInstanceOf(HttpCoreError);
      expect(pool.stats(), `reset at ${at}`).toMatchObject({ connections: 0, active: 0, queued: 0, connecting: 0 });
    }
  });
});
