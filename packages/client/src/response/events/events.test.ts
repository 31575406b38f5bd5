import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';

import type { HeadersInput } from '../../request/fields/header-input.ts';
import { Request } from '../../request/request.ts';
import { MessageParts } from '../../request/assemble.ts';
import { parseTarget } from '../../request/url/target.ts';
import type { ResumableCall } from '../resumable-call.ts';
import { StreamResponse } from '../stream-response.ts';
import { EventStream, type ReconnectOptions } from './events.ts';

const request = new Request('GET', new MessageParts(parseTarget('http://a.example/'), [], null, undefined));
const stream = (body: string): StreamResponse => StreamResponse.of(request, { headers: { 'content-type': 'text/event-stream' }, body });

/** These bodies, one stream each, and then a 204: what was waited before each, and what was asked for. */
async function read(bodies: string[], reconnect: ReconnectOptions | true = true) {
  const waits: number[] = [];
  const asked: HeadersInput[] = [];
  const again: ResumableCall = {
    url: request.url,
    method: 'GET',
    whenOver() {},
    async send(headers) {
      asked.push(headers);
      const body = bodies[asked.length];
      return body === undefined ? StreamResponse.of(request, { status: 204 }) : stream(body);
    },
    async wait(milliseconds) {
      waits.push(milliseconds);
    },
  };
  const events: string[] = [];
  for await (const { data } of new EventStream(stream(bodies[0]!), again, { reconnect })) events.push(data);
  return { waits, asked, events };
}

describe('a stream of events that begins again', () => {
  it('waits at least a tenth of a second, whatever the server asks for, and longer for each that brings nothing', async () => {
    const { waits } = await read(['retry: 0\n\n', 'retry: 0\n\n', 'retry: 0\n\n', 'retry: 0\n\n']);
    expect(waits[0]).toBe(100);
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(index === 0 ? 100 : 50 * 2 ** index);
      expect(wait).toBeLessThanOrEqual(100 * 2 ** index);
    }
  });

  it('waits as long as ever after one that brought events', async () => {
    const { waits, events } = await read(['retry: 0\ndata: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']);
    expect(events).toEqual(['1', '2', '3']);
    expect(waits).toEqual([100, 100, 100]);
  });

  it('waits no longer than its caller permits', async () => {
    expect((await read(['retry: 0\n\n', '', '', ''], { maxDelay: 2 })).waits.every((wait) => wait <= 2)).toBe(true);
    expect((await read(['data: 1\n\n', 'data: 2\n\n'], { delay: 0 })).waits).toEqual([0, 0]);
  });

  it('leaves the Last-Event-ID of the caller until the server has given one, and takes it back when the server does', async () => {
    const { asked } = await read(['', 'data: 1\n\n', 'id: a\n\n', 'data: 2\n\n', 'id\n\n', 'id: lost']);
    expect(asked).toEqual([
      {},
      {},
      { 'last-event-id': 'a' },
      { 'last-event-id': 'a' },
      { 'last-event-id': null },
      { 'last-event-id': null },
    ]);
  });
});

it('listens to its signal while it is read, and no longer', async () => {
  const { signal } = new AbortController();
  const listeners = (): number => getEventListeners(signal, 'abort').length;
  for (const rest of ['left', 'read']) {
    const events = stream('data: a\n\ndata: b\n\n').sse({ signal });
    expect((await events.next()).value).toMatchObject({ data: 'a' });
    expect(listeners()).toBe(1);
    if (rest === 'left') await events.return!();
    else for await (const { data } of events) expect(data).toBe('b');
    expect(listeners()).toBe(0);
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(listeners()).toBe(0);
  }
});
