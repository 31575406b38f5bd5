/** What can be seen of an exchange: its steps in order, on the context and on the diagnostics channel alike. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

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
