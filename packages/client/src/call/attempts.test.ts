import { describe, expect, it } from 'vitest';

import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { Attempt } from './attempt.ts';
import { Attempts } from './attempts.ts';

const attempt = (): Attempt => new Attempt(new Request('GET', 'http://a.example/'), undefined);
const responseTo = (made: Attempt): StreamResponse =>
  new StreamResponse(made.request, 200, '', '1.1', [], made, { attempts: [] }, StreamResponse.of(made.request).body);

describe('the attempts of a call', () => {
  it.each(['before', 'between', 'after'])('are all in the list that was asked for %s', (when) => {
    const attempts = new Attempts();
    const [first, second, third] = [attempt(), attempt(), attempt()];
    let list = when === 'before' ? attempts.all : [];
    expect([attempts.first, attempts.latest]).toEqual([undefined, undefined]);
    attempts.add(first);
    if (when === 'between') list = attempts.all;
    expect([attempts.first, attempts.latest]).toEqual([first, first]);
    attempts.add(second);
    attempts.add(third);
    if (when === 'after') list = attempts.all;
    expect(list).toEqual([first, second, third]);
    expect(attempts.all).toBe(list);
    expect([attempts.first, attempts.latest]).toEqual([first, third]);
  });

  it('are found by their responses', () => {
    const attempts = new Attempts();
    const all = [attempt(), attempt(), attempt()];
    for (const one of all) attempts.add(one);
    expect(all.map((one) => attempts.of(responseTo(one)))).toEqual(all);
    expect(attempts.of(responseTo(attempt()))).toBeUndefined();
    expect(attempts.of(StreamResponse.of(all[0]!.request))).toBeUndefined();
    expect(new Attempts().of(StreamResponse.of(all[0]!.request))).toBeUndefined();
  });
});
