/** Telemetry that nobody has asked for yet. */
import { metrics, propagation, trace } from '@opentelemetry/api';
import { Client } from '@x/client';
import { mockDispatcher } from '@x/httpcore';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HttpTelemetry, type WatchedDispatch } from '../../src/index.ts';
import { Collected } from '../collected.ts';

let collected: Collected;
beforeEach(() => {
  collected = new Collected();
});
afterEach(() => collected[Symbol.dispose]());

describe('without an SDK', () => {
  afterEach(() => {
    trace.disable();
    propagation.disable();
    metrics.disable();
  });

  /** What a dispatcher under telemetry is given. */
  function listening(telemetry: HttpTelemetry) {
    const given: Parameters<WatchedDispatch>[] = [];
    const plain = mockDispatcher(() => ({ status: 200, body: 'hello' }));
    const dispatch: WatchedDispatch = (...request) => {
      given.push(request);
      return plain.dispatch(...request);
    };
    const watched = telemetry.over({ dispatch });
    const request: Parameters<WatchedDispatch> = ['GET', ['http', 'app.test', null, '/'], [['X-One', '1']], null, undefined, {}];
    return { given, send: () => watched.dispatch(...request), request };
  }

  it('a request goes on as it is: nothing is traced, and no field looked at', async () => {
    const { given, send, request } = listening(new HttpTelemetry());
    await send();
    expect(given[0]!.every((argument, index) => argument === request[index])).toBe(true);
  });

  it('and one that is started later sees all that comes then', async () => {
    const telemetry = new HttpTelemetry();
    const { given, send } = listening(telemetry);
    await using client = new Client({ telemetry, dispatcher: mockDispatcher(() => ({ status: 200 })) });
    await send();
    await client.get('http://app.test/before');
    trace.setGlobalTracerProvider(collected.tracers);
    const [, , , , body] = await send();
    await body.bytes();
    await client.get('http://app.test/after');
    expect(collected.spans.map(({ attributes }) => attributes['url.full'])).toEqual([
      'http://app.test/',
      'http://app.test/after',
      'http://app.test/after',
    ]);
    expect([given[0]![5], given[1]![5]?.trace]).toEqual([{}, expect.any(Function)]);
  });

  it.each<[string, () => HttpTelemetry]>([
    ['a propagator', () => (propagation.setGlobalPropagator(collected.propagator), new HttpTelemetry())],
    ['meters', () => new HttpTelemetry({ meterProvider: collected.meters })],
    ['global meters', () => (metrics.setGlobalMeterProvider(collected.meters), new HttpTelemetry())],
    ['tracers', () => new HttpTelemetry({ tracerProvider: collected.tracers })],
    ['a hook', () => new HttpTelemetry({ requestHook: () => undefined })],
  ])('%s alone is somebody to tell', async (_, telemetry) => {
    const { given, send } = listening(telemetry());
    await send();
    expect(given[0]![5]?.trace).toEqual(expect.any(Function));
  });
});
