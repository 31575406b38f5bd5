import { describe, expect, it } from 'vitest';

import { Flights } from './flights.ts';

describe('flights', () => {
  it('are found by key and signature until they are over, in whatever order they end', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const flights = new Flights();
      const begun = ['one', 'two', 'three'].map((signature) => flights.begin('/', signature));
      for (const at of order) {
        const flight = begun[at]!;
        expect(flights.find('/', flight.signature)).toBe(flight);
        flights.end(flight);
        flights.end(flight);
        expect(flights.find('/', flight.signature)).toBeUndefined();
      }
    }
  });

  it('that are over make way for others of their key, and are forgotten by and by', () => {
    const flights = new Flights();
    const long = flights.begin('/long', '');
    for (let n = 0; n < 1000; n += 1) {
      const flight = flights.begin(`/${n % 300}`, '');
      expect(flights.find(`/${n % 300}`, '')).toBe(flight);
      flights.end(flight);
    }
    expect(flights.find('/long', '')).toBe(long);
    expect(flights.find('/299', '')).toBeUndefined();
  });

  it('that are outdated are joined by nobody, and end without harm to those that came after them', () => {
    const flights = new Flights();
    const before = flights.begin('/', 'a');
    flights.outdate('/');
    expect(before.isOutdated).toBe(true);
    const after = flights.begin('/', 'a');
    flights.end(before);
    expect(flights.find('/', 'a')).toBe(after);
  });
});
