/** What can be seen of an exchange: its steps in order, on the context and on the diagnostics channel alike. */
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { promisify } from 'node:util';

import { startServer, trustedAuthority } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import {
  ConnectionPool,
  diagnosticsChannelName,
  type DiagnosticsMessage,
  type TraceEvents,
  type TraceObserver,
  type UrlParts,
} from '../../src/index.ts';

interface Step {
  readonly name: string;
  readonly at: number;
  readonly detail: unknown;
}

function recorder(): { readonly steps: Step[]; readonly trace: TraceObserver } {
  const steps: Step[] = [];
  return { steps, trace: (name, at, detail) => steps.push({ name, at, detail }) };
}

const names = (steps: readonly Step[]): string[] => steps.map(({ name }) => name);

describe('the trace', () => {
  it('has every step of a first request and of one on the same connection, in order', async () => {
    await using server = await startServer('echo', { tls: true, format: 'raw', host: 'localhost' });
    await using pool = new ConnectionPool({ http2: false, tls: { ca: (await trustedAuthority()).certificate } });
    const url: UrlParts = ['https', 'localhost', server.port, '/'];
    const first = recorder();
    const [, , , , body] = await pool.dispatch('POST', url, [], [Buffer.from('hello')], undefined, { trace: first.trace });
    await body.bytes();
    const withoutRace = names(first.steps).filter((name) => name !== 'connect-failed');
    expect(withoutRace[0]).toBe('queued');
    expect(withoutRace.slice(-9)).toEqual([
      'connect-end',
      'tls-start',
      'tls-end',
      'assigned',
      'head-sent',
      'body-sent',
      'first-byte',
      'head-received',
      'body-end',
    ]);
    expect(withoutRace).toContain('dns-end');
    const moments = first.steps.map(({ at }) => at);
    expect(moments).toEqual(moments.toSorted((one, other) => one - other));
    const assigned = first.steps.find(({ name }) => name === 'assigned')?.detail as TraceEvents['assigned'];
    expect(assigned).toMatchObject({ reused: false, connection: { protocol: 'http/1.1', tlsResumed: false } });
    const { timings } = assigned.connection;
    expect(timings.tlsEnd).toBeGreaterThanOrEqual(timings.connectEnd!);

    const second = recorder();
    const [, , , , again] = await pool.dispatch('GET', url, [], null, undefined, { trace: second.trace });
    await again.bytes();
    expect(names(second.steps)).toEqual(['queued', 'assigned', 'head-sent', 'first-byte', 'head-received', 'body-end']);
    expect(second.steps[1]?.detail).toMatchObject({ reused: true, connection: { id: assigned.connection.id } });
  });

  it('ends with the failure, and shows no secret of the request', async () => {
    const { steps, trace } = recorder();
    await using pool = new ConnectionPool();
    const failed = pool.dispatch('GET', ['http', '127.0.0.1', 1, '/?token=s3cret'], [['authorization', 'Bearer s3cret']], null, undefined, {
      trace,
    });
    await expect(failed).rejects.toMatchObject({ name: 'ConnectError' });
    expect(names(steps)).toEqual(['queued', 'connect-start', 'connect-failed', 'failed']);
    expect(JSON.stringify(steps)).not.toContain('s3cret');
  });

  it('may throw without harm', async () => {
    await using server = await startServer('plain', { body: 'hi' });
    await using pool = new ConnectionPool();
    const trace: TraceObserver = () => {
      throw new Error('observer');
    };
    const [, status, , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], [], null, undefined, { trace });
    await body.bytes();
    expect(status).toBe(200);
  });

  it('is on the diagnostics channel too, while somebody listens', async () => {
    await using server = await startServer('plain', { body: 'hi' });
    await using pool = new ConnectionPool();
    const messages: DiagnosticsMessage[] = [];
    const listener = (message: unknown): number => messages.push(message as DiagnosticsMessage);
    const get = async (): Promise<void> => {
      const [, , , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], [], null);
      await body.bytes();
    };
    await get();
    subscribe(diagnosticsChannelName, listener);
    try {
      await Promise.all([get(), get()]);
    } finally {
      unsubscribe(diagnosticsChannelName, listener);
    }
    await get();
    const exchanges = new Set(messages.map(({ exchange }) => exchange));
    expect(exchanges.size).toBe(2);
    for (const exchange of exchanges) {
      const own = messages.filter((message) => message.exchange === exchange);
      expect(own[0]).toMatchObject({ name: 'queued', method: 'GET', origin: `http://127.0.0.1:${server.port}` });
      expect(own.at(-1)?.name).toBe('body-end');
    }
  });
});

describe('an observer of connections', () => {
  it('hears of each from its making to its end, and no more once it is taken back', async () => {
    await using server = await startServer('plain');
    const pool = new ConnectionPool();
    const seen: [name: string, detail: unknown][] = [];
    const off = pool.observe((name, at, detail) => {
      expect(at).toBeLessThanOrEqual(performance.now());
      seen.push([name, detail]);
    });
    const late: string[] = [];
    pool.observe((name) => late.push(name))();
    pool.observe(() => {
      throw new Error('is dropped');
    });
    const url: UrlParts = ['http', '127.0.0.1', server.port, '/'];
    for (let count = 0; count < 3; count += 1) await (await pool.dispatch('GET', url, [], null))[4].bytes();
    await pool.close();
    const origin = server.origin;
    expect(seen).toMatchObject([
      ['connecting', { origin, proxy: undefined }],
      ['opened', { origin, connection: { remotePort: server.port } }],
      ['closed', { origin, requests: 3, error: undefined }],
    ]);
    off();
    expect(late).toEqual([]);
  });

  it('hears of one that can not be made, and of one that broke', async () => {
    await using server = await startServer((request) => request.socket.destroy());
    await using pool = new ConnectionPool();
    const seen: [name: string, detail: unknown][] = [];
    pool.observe((name, _at, detail) => seen.push([name, detail]));
    await expect(pool.dispatch('GET', ['http', '127.0.0.1', 1, '/'], [], null)).rejects.toThrow();
    await expect(pool.dispatch('POST', ['http', '127.0.0.1', server.port, '/'], [], null)).rejects.toThrow();
    expect(seen).toMatchObject([
      ['connecting', {}],
      ['connect-failed', { error: { code: 'CONNECT_FAILED' } }],
      ['connecting', {}],
      ['opened', {}],
      ['closed', { requests: 1, error: { code: 'CONNECTION_CLOSED' } }],
    ]);
  });

  it('must be a function', () => {
    const pool = new ConnectionPool();
    expect(() => pool.observe({} as never)).toThrow(/must be a function/);
  });
});

describe('the debug log', () => {
  const program = `
    import { ConnectionPool } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
    const pool = new ConnectionPool();
    const port = Number(process.argv[1]);
    const headers = [['authorization', 'Bearer s3cret'], ['x-plain', 'seen'], ['referer', 'http://me:s3cret@host/?token=s3cret']];
    for (const target of ['/a?access_token=s3cret&page=2', '/b']) {
      const [, , , , body] = await pool.dispatch('POST', ['http', '127.0.0.1', port, target], headers, [Buffer.from('hello')]);
      await body.bytes();
    }
    await pool.dispatch('GET', ['http', '127.0.0.1', 1, '/'], [], null).catch(() => {});
  `;
  const run = promisify(execFile);

  it('tells in words what happens when NODE_DEBUG asks for it, heads when it asks for the wire, and never a secret', async () => {
    await using server = await startServer((request, response) => {
      request.resume();
      request.on('end', () =>
        response.writeHead(200, { 'set-cookie': 'sid=s3cret', location: '/x?code=s3cret', 'x-answer': 'yes' }).end('hi'),
      );
    });
    const { stderr } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, String(server.port)], {
      env: { ...process.env, NODE_DEBUG: 'xhttp*' },
    });
    const lines = stderr.replaceAll(/\d+\.\d ms/g, '0 ms').match(/^XHTTP.*\n/gm)!;
    const of = (log: string): string =>
      lines
        .filter((line) => line.startsWith(`${log} `))
        .map((line) => line.replace(/^\S+ \d+: /, ''))
        .join('');
    const [steps, wire] = [of('XHTTP'), of('XHTTP:WIRE')];
    const { port } = server;
    expect(steps).toContain(`#1 POST http://127.0.0.1:${port}/a?access_token=[redacted]&page=2\nconnecting to http://127.0.0.1:${port}\n`);
    expect(steps).toContain(`connection 1 to http://127.0.0.1:${port} is open (http/1.1, 127.0.0.1:${port})\n`);
    expect(steps).toContain(`#1 takes connection 1 (http/1.1, 127.0.0.1:${port})\n`);
    expect(steps).toContain('#1 has sent a body of 5 bytes\n#1 is answered 200 after 0 ms\n#1 ended with 2 bytes after 0 ms\n');
    expect(steps).toContain('#2 takes connection 1, reused');
    expect(steps).toContain('#3 failed after 0 ms: ConnectError (CONNECT_FAILED), ');
    expect(steps).toContain('no connection to http://127.0.0.1:1: ConnectError');
    expect(wire).toContain(
      `#1 > POST /a?access_token=[redacted]&page=2 (127.0.0.1:${port})\n#1 > authorization: [redacted]\n#1 > x-plain: seen\n`,
    );
    expect(wire).toContain('#1 < 200 OK\n#1 < set-cookie: [redacted]\n#1 < location: /x?code=[redacted]\n#1 < x-answer: yes\n');
    expect(stderr).not.toContain('s3cret');
  });
});
