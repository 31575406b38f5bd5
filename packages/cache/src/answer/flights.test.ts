import { describe, expect, it } from 'vitest';

import type { CacheRequest } from '../cache-request.ts';
import { noDirectives } from '../rules/cache-control.ts';
import { hashOfKey } from '../store/key-hash.ts';
import { Flights } from './flights.ts';

function requestFor(key: string, accept = '*/*'): CacheRequest {
  return {
    method: 'GET',
    url: ['http', 'origin.test', null, key],
    headers: [['accept', accept]],
    body: null,
    timeouts: undefined,
    context: undefined,
    key,
    hash: hashOfKey(key),
    mode: 'default',
    directives: noDirectives,
    partition: '',
    hasCookiesOnly: false,
    isAuthorized: false,
    range: undefined,
    ifRange: undefined,
    isConditional: false,
  };
}

describe('flights', () => {
  it('are found by equal requests until they are over, in whatever order they end', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const flights = new Flights();
      const begun = ['one', 'two', 'three'].map((accept) => flights.begin('/', hashOfKey('/'), requestFor('/', accept)));
      for (const at of order) {
        const flight = begun[at]!;
        const equal = requestFor('/', ['one', 'two', 'three'][at]);
        expect(flights.find(equal)).toBe(flight);
        flights.end(flight);
        flights.end(flight);
        expect(flights.find(equal)).toBeUndefined();
      }
    }
  });

  it('of a request that shares with nobody are found by nobody', () => {
    const flights = new Flights();
    flights.begin('/', hashOfKey('/'), undefined);
    expect(flights.find(requestFor('/'))).toBeUndefined();
  });

  it('that are over make way for others of their key, and are forgotten by and by', () => {
    const flights = new Flights();
    const long = flights.begin('/long', hashOfKey('/long'), requestFor('/long'));
    for (let n = 0; n < 1000; n += 1) {
      const request = requestFor(`/${n % 300}`);
      const flight = flights.begin(request.key, request.hash, request);
      expect(flights.find(request)).toBe(flight);
      flights.end(flight);
    }
    expect(flights.find(requestFor('/long'))).toBe(long);
    expect(flights.find(requestFor('/299'))).toBeUndefined();
  });

  it('that are outdated are joined by nobody, and end without harm to those that came after them', () => {
    const flights = new Flights();
    const request = requestFor('/');
    const before = flights.begin('/', request.hash, request);
    void flights.outdate('/');
    expect(before.isOutdated).toBe(true);
    const after = flights.begin('/', request.hash, request);
    flights.end(before);
    expect(flights.find(request)).toBe(after);
  });
});
