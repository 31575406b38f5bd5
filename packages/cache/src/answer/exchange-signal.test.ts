import { ConnectionPool, mockDispatcher } from '@x/httpcore';
import { expect, it } from 'vitest';

import { ExchangeSignal, takesAnySignal } from './exchange-signal.ts';

it('aborts once, for whoever listens then, with the reason that it is given', () => {
  const signal = new ExchangeSignal();
  const told: unknown[] = [];
  const listeners = ['one', 'two', 'three'].map((name) => () => told.push(name));
  for (const listener of [...listeners, ...listeners]) signal.addEventListener('abort', listener);
  signal.addEventListener('abort', { handleEvent: (event) => told.push(event.type) });
  signal.addEventListener('other', () => told.push('other'));
  signal.onabort = function (event) {
    told.push(this === signal, event.type);
  };
  signal.removeEventListener('abort', listeners[0]!);
  signal.removeEventListener('abort', listeners[1]!);
  expect(signal.aborted).toBe(false);
  expect(() => signal.throwIfAborted()).not.toThrow();
  signal.abort('enough');
  signal.abort('more');
  expect(told).toEqual([true, 'abort', 'three', 'abort']);
  expect([signal.aborted, signal.reason]).toEqual([true, 'enough']);
  expect(() => signal.throwIfAborted()).toThrow('enough');
});

it('has a reason of the platform where it is given none', () => {
  const signal = new ExchangeSignal();
  signal.abort(undefined);
  expect(signal.reason).toMatchObject({ name: 'AbortError' });
});

it('is for a pool that is what it was made, and for nobody else', () => {
  const pool = new ConnectionPool();
  const other = new ConnectionPool();
  other.dispatch = () => Promise.reject(new Error('changed'));
  expect([pool, other, mockDispatcher(() => ({ status: 200 }))].map(takesAnySignal)).toEqual([true, false, false]);
});
