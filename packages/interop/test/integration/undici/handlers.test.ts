/** What a handler of either generation is told, whoever carries: in order, and with one end. */
import { PassThrough, Readable } from 'node:stream';
import { Client } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { close, receiveHead, send, startRawServer, startServer } from '@x/testbed';
import { undiciDispatcher, type UndiciDispatcher } from '@x/interop/undici';
import { afterAll, describe, expect, it } from 'vitest';
import { generations, record } from './recorded-handler.ts';

const client = new Client();
const pool = new ConnectionPool();
afterAll(async () => {
  await client.destroy();
  await pool.destroy();
});
const carriers = [
  ['a client', () => undiciDispatcher(client)],
  ['a dispatcher', () => undiciDispatcher(pool)],
] as const satisfies readonly (readonly [string, () => UndiciDispatcher])[];

const cases = generations.flatMap((generation) => carriers.map(([name, make]) => ({ generation, name, make })));

describe.each(cases)('a handler of the $generation generation, over $name', ({ generation, make }) => {
  it('is told start, head, data and end', async () => {
    await using server = await startServer('chunking', { chunks: ['one', 'two'], trailers: [['x-sum', '7']] });
    const recording = record(generation);
    expect(make().dispatch({ origin: server.url(''), path: '/', method: 'GET' }, recording.handler)).toBe(true);
    expect(recording.calls).toEqual(['start']);
    expect(await recording.over).toBeUndefined();
    expect(recording.body()).toBe('onetwo');
    expect(recording.calls.filter((call) => call !== 'data')).toEqual(['start', 'head 200', 'end x-sum 7']);
  });

  it('is told of 1xx, and may not hold them back', async () => {
    await using server = await startServer('informational');
    const recording = record(generation, { pauseAt: generation === 'former' ? 'head 103' : '' });
    make().dispatch({ origin: server.url(''), path: '/', method: 'GET' }, recording.handler);
    expect(await recording.over).toBeUndefined();
    expect(recording.calls.filter((call) => call.startsWith('head'))).toContain('head 103');
    expect(recording.calls.at(-1)).toBe('end');
  });

  it('gets nothing while it pauses, and the rest when it goes on', async () => {
    await using server = await startServer('bytes', { size: 4 * 1024 * 1024 });
    const recording = record(generation, { pauseAt: 'head 200' });
    make().dispatch({ origin: server.url(''), path: '/', method: 'GET' }, recording.handler);
    await until(() => recording.calls.includes('head 200'));
    await turns(20);
    expect(recording.calls).toEqual(['start', 'head 200']);
    recording.resume();
    expect(await recording.over).toBeUndefined();
    expect(recording.calls.at(-1)).toBe('end');
  });

  it.each(['start', 'head 200', 'data'])('ends once when it aborts at %s', async (moment) => {
    await using server = await startServer('slow', { pieces: ['a', 'b'] });
    server.head.open();
    server.pieces[0]?.open();
    const reason = new Error('enough');
    const recording = record(generation, { on: (call, { abort }) => (call === moment ? abort(reason) : undefined) });
    make().dispatch({ origin: server.url(''), path: '/', method: 'GET' }, recording.handler);
    expect(await recording.over).toBe(reason);
    await turns(10);
    expect(recording.calls.filter((call) => call === 'error' || call.startsWith('end'))).toEqual(['error']);
    await server.connections.until(({ open }) => open === 0);
  });

  it('has its abort before there is a head', async () => {
    await using server = await startServer('slow');
    const recording = record(generation);
    make().dispatch({ origin: server.url(''), path: '/', method: 'GET' }, recording.handler);
    await server.connections.until(({ requests }) => requests === 1);
    recording.abort();
    expect(await recording.over).toMatchObject({ name: 'AbortError', code: 'UND_ERR_ABORTED' });
    recording.abort();
    expect(recording.calls).toEqual(['start', 'error']);
  });

  it.each(['start', 'head 200', 'data', 'end'])('is told its own mistake, made at %s', async (moment) => {
    await using server = await startServer('plain', { body: 'x' });
    const mistake = new Error('a mistake');
    const recording = record(generation, {
      on: (call) => {
        if (call === moment) throw mistake;
      },
    });
    make().dispatch({ origin: server.url(''), path: '/', method: 'GET' }, recording.handler);
    expect(await recording.over).toBe(mistake);
    expect(recording.calls.filter((call) => call === 'error')).toHaveLength(1);
  });

  it('is told what is sent, whose length stays known', async () => {
    await using server = await startServer('echo');
    const sent = async (body: unknown): Promise<[told: string[], fields: string]> => {
      const told: string[] = [];
      const { handler, over, body: echoed } = record(generation);
      Object.assign(handler, {
        onBodySent: (chunk: Uint8Array) => told.push(Buffer.from(chunk).toString()),
        onRequestSent: () => told.push('.'),
      });
      make().dispatch({ origin: server.url(''), path: '/', method: 'POST', body }, handler);
      expect(await over).toBeUndefined();
      return [told, echoed().toLowerCase()];
    };
    const [told, echoed] = await sent('in memory');
    expect([told, echoed.includes('transfer-encoding')]).toEqual([['in memory', '.'], false]);
    expect((await sent(null))[0]).toEqual(['.']);
    expect((await sent(Readable.from(['a', 'b'])))[0]).toEqual(['a', 'b', '.']);
  });

  it('lets go of a body at once when the answer comes before it', async () => {
    await using server = await startRawServer([receiveHead(), send('HTTP/1.1 413 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')]);
    const silent = new PassThrough();
    silent.write('begun');
    let isCancelled = false;
    const stream = new ReadableStream({ cancel: () => void (isCancelled = true) });
    for (const body of [silent, stream]) {
      const recording = record(generation);
      make().dispatch({ origin: server.url(''), path: '/', method: 'POST', body }, recording.handler);
      expect(await recording.over).toBeUndefined();
    }
    await until(() => silent.destroyed && isCancelled);
  });

  it('has what its own body failed with', async () => {
    await using server = await startServer('echo');
    const mistake = new RangeError('my own');
    const broken = new PassThrough();
    broken.write('begun');
    const destroyed = new PassThrough();
    destroyed.destroy();
    for (const [body, error] of [
      [broken, mistake],
      [destroyed, { name: 'AbortError', code: 'UND_ERR_ABORTED' }],
    ] as const) {
      const recording = record(generation);
      make().dispatch({ origin: server.url(''), path: '/', method: 'POST', body }, recording.handler);
      if (body === broken) broken.destroy(mistake);
      expect(await recording.over).toMatchObject(error);
      if (error === mistake) expect(recording.error).toBe(mistake);
    }
  });

  it('is told that the connection broke after what came before it', async () => {
    await using server = await startRawServer([receiveHead(), send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'), close()]);
    const recording = record(generation);
    make().dispatch({ origin: server.url(''), path: '/', method: 'GET' }, recording.handler);
    expect(await recording.over).toMatchObject({ name: 'SocketError', code: 'UND_ERR_SOCKET' });
    expect(recording.body()).toBe('half');
    expect(recording.calls).toEqual(['start', 'head 200', 'data', 'error']);
  });

  it('is told of an upgrade', async () => {
    await using server = await startServer('upgrade', { protocol: 'echo' });
    const recording = record(generation);
    make().dispatch({ origin: server.url(''), path: '/', method: 'GET', upgrade: 'echo' }, recording.handler);
    expect(await recording.over).toBeUndefined();
    expect(recording.calls).toEqual(['start', 'upgrade 101']);
  });

  it('is told what is wrong with its options', async () => {
    for (const options of [
      { origin: 'http://127.0.0.1', path: 'no/slash', method: 'GET' },
      { origin: 'http://127.0.0.1', path: '/a b', method: 'GET' },
      { origin: 'http://127.0.0.1', path: '/', method: 'GET', headers: ['odd'] },
      { origin: 'http://127.0.0.1', path: '/', method: 'GET', headers: { 'transfer-encoding': 'chunked' } },
      { origin: 'http://127.0.0.1', path: '/', method: 'GET', headers: { 'x-a': 'a\r\nb' } },
      { origin: 'ftp://127.0.0.1', path: '/', method: 'GET' },
      { origin: 'http://127.0.0.1', path: '/', method: 'GET', headersTimeout: -1 },
      { origin: 'http://127.0.0.1', path: '/', method: 'POST', body: 7 },
    ]) {
      const recording = record(generation);
      make().dispatch(options, recording.handler);
      expect(await recording.over, JSON.stringify(options)).toMatchObject({ name: 'InvalidArgumentError', code: 'UND_ERR_INVALID_ARG' });
    }
  });
});

describe('a dispatcher', () => {
  it('refuses what is no handler', () => {
    const dispatcher = undiciDispatcher(client);
    const options = { origin: 'http://127.0.0.1', path: '/', method: 'GET' };
    expect(() => dispatcher.dispatch(options, null as never)).toThrow('handler must be an object');
    expect(() => dispatcher.dispatch(options, {})).toThrow('neither onRequestStart');
  });

  it('needs a client or a dispatcher', () => {
    expect(() => undiciDispatcher({} as never)).toThrow(TypeError);
    expect(() => undiciDispatcher(undefined as never)).toThrow('an object with stream() or dispatch()');
  });

  it.each(generations)('closes when its calls have ended, and takes no more: %s', async (generation) => {
    await using server = await startServer('slow', { pieces: ['a'] });
    const dispatcher = undiciDispatcher(client);
    const options = { origin: server.url(''), path: '/', method: 'GET' };
    const running = record(generation);
    dispatcher.dispatch(options, running.handler);
    let closed = false;
    const closing = dispatcher.close().then(() => {
      closed = true;
    });
    const late = record(generation);
    expect(dispatcher.dispatch(options, late.handler)).toBe(false);
    expect(late.error).toMatchObject({ name: 'ClientClosedError', code: 'UND_ERR_CLOSED' });
    await turns(10);
    expect(closed).toBe(false);
    server.release();
    expect(await running.over).toBeUndefined();
    await closing;
    expect(client.state).toBe('open');
  });

  it.each(generations)('destroyed, it ends its calls: %s', async (generation) => {
    await using server = await startServer('slow');
    const dispatcher = undiciDispatcher(client);
    const options = { origin: server.url(''), path: '/', method: 'GET' };
    const [first, second] = [record(generation), record(generation)];
    dispatcher.dispatch(options, first.handler);
    await new Promise<void>((resolve) => dispatcher.destroy(null, resolve));
    expect(await first.over).toMatchObject({ name: 'ClientDestroyedError', code: 'UND_ERR_DESTROYED' });
    dispatcher.dispatch(options, second.handler);
    expect(await second.over).toMatchObject({ code: 'UND_ERR_DESTROYED' });
    await server.connections.until(({ open }) => open === 0);
  });

  it('stands behind interceptors', async () => {
    await using server = await startServer('echo');
    const seen: string[] = [];
    const composed = undiciDispatcher(pool).compose(
      (dispatch) => (options, handler) => {
        seen.push('inner');
        return dispatch({ ...options, headers: { 'x-by': 'interceptor' } }, handler);
      },
      (dispatch) => (options, handler) => {
        seen.push('outer');
        return dispatch(options, handler);
      },
    );
    const recording = record('present');
    composed.dispatch({ origin: server.url(''), path: '/', method: 'GET' }, recording.handler);
    await recording.over;
    expect(seen).toEqual(['outer', 'inner']);
    expect(recording.body()).toContain('interceptor');
    await composed.close();
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turns(1);
}
