import { describe, expect, it } from 'vitest';

import { parseOrigin } from '../model/origin.ts';
import { originDestination, destinationKey, type Destination } from '../model/destination.ts';
import { Learnt } from './learnt.ts';

function known(
  host: string,
  options = { http1: true, http2: true },
  scheme = 'https',
): { readonly destination: Destination; readonly key: string } {
  const destination = originDestination(parseOrigin(scheme, host, null), null, options);
  return { destination, key: destinationKey(destination) };
}

describe('what was learnt of a peer', () => {
  it('is what the last connection agreed on', () => {
    const learnt = new Learnt();
    const a = known('a.test');
    expect(learnt.sharingOf(a)).toBe('unknown');
    expect(learnt.onAgreed(a.key, 'h2')).toBe(true);
    expect(learnt.sharingOf(a)).toBe('shared');
    expect(learnt.onAgreed(a.key, 'http/1.1')).toBe(true);
    expect(learnt.sharingOf(a)).toBe('exclusive');
    expect(learnt.forDial(a).protocols).toEqual(['h2', 'http/1.1']);
    expect(learnt.sharingOf(known('b.test'))).toBe('unknown');
  });

  it('is beforehand what the only protocol is', () => {
    const learnt = new Learnt();
    expect(learnt.sharingOf(known('a.test', { http1: false, http2: true }))).toBe('shared');
    expect(learnt.sharingOf(known('a.test', { http1: true, http2: false }))).toBe('exclusive');
    expect(learnt.sharingOf(known('a.test', { http1: true, http2: true }, 'http'))).toBe('exclusive');
  });

  it('is for good that it refuses HTTP/2, whatever was under way', () => {
    const learnt = new Learnt();
    const a = known('a.test');
    expect(learnt.onHttp1Required(a)).toBe(true);
    expect(learnt.sharingOf(a)).toBe('exclusive');
    expect(learnt.forDial(a).protocols).toEqual(['http/1.1']);
    expect(learnt.onAgreed(a.key, 'h2')).toBe(false);
    expect(learnt.onAgreed(a.key, 'http/1.1')).toBe(true);
    expect(learnt.forDial(a).protocols).toEqual(['http/1.1']);
    expect(learnt.refusesHttp2(known('b.test').key)).toBe(false);
  });

  it.each([
    ['HTTP/1.1 is switched off', known('a.test', { http1: false, http2: true })],
    ['there is no TLS to agree in', known('a.test', { http1: false, http2: true }, 'http')],
  ])('is nothing where %s', (_why, peer) => {
    const learnt = new Learnt();
    expect(learnt.onHttp1Required(peer)).toBe(false);
    expect(learnt.sharingOf(peer)).toBe('shared');
    expect(learnt.forDial(peer).protocols).toEqual(['h2']);
  });

  it('is how many streams it takes, where those are few', () => {
    const learnt = new Learnt();
    const [a, b] = [known('a.test'), known('b.test')];
    const { streamLimit, onStreamLimit } = learnt.forDial(a);
    expect(streamLimit).toBeUndefined();
    onStreamLimit!(7);
    expect([learnt.forDial(a).streamLimit, learnt.forDial(b).streamLimit]).toEqual([7, undefined]);
    onStreamLimit!(100);
    expect(learnt.forDial(a).streamLimit).toBeUndefined();
  });

  it('is that the connections of others do not serve it', () => {
    const learnt = new Learnt();
    const [a, b] = [known('a.test'), known('b.test')];
    learnt.onAgreed(a.key, 'h2');
    expect(learnt.isNoGuest(a.key)).toBe(false);
    learnt.onMisdirected(a.key);
    learnt.onHttp1Required(b);
    expect([a.key, b.key, 'https://c.test'].map((key) => learnt.isNoGuest(key))).toEqual([true, true, false]);
    expect(learnt.sharingOf(a)).toBe('shared');
  });

  it('has a bound: who was not heard of for longest is forgotten', () => {
    const learnt = new Learnt(2);
    for (const host of ['a.test', 'b.test']) learnt.onHttp1Required(known(host));
    learnt.onAgreed(known('a.test').key, 'http/1.1');
    learnt.onAgreed(known('c.test').key, 'h2');
    expect(['a.test', 'b.test', 'c.test'].map((host) => learnt.sharingOf(known(host)))).toEqual(['exclusive', 'unknown', 'shared']);
  });
});
