import { describe, expect, it } from 'vitest';

import type { PeerChain } from './peer-chain.ts';
import { SessionCache } from './session-cache.ts';

const session = (text: string) => ({ session: Buffer.from(text), chain: { names: [text] } as unknown as PeerChain });

describe('SessionCache', () => {
  it('has the newest session of each peer', () => {
    const cache = new SessionCache();
    cache.set('a', session('1'));
    cache.set('a', session('2'));
    expect(cache.get('a')?.chain.names).toEqual(['2']);
    expect(cache.get('b')).toBeUndefined();
    cache.delete('a');
    expect(cache.get('a')).toBeUndefined();
  });

  it('forgets the peer that was not used for longest', () => {
    const cache = new SessionCache(2);
    cache.set('a', session('a'));
    cache.set('b', session('b'));
    cache.get('a');
    cache.set('c', session('c'));
    expect(['a', 'b', 'c'].map((peer) => cache.get(peer) !== undefined)).toEqual([true, false, true]);
    expect(cache.size).toBe(2);
  });

  it('holds 100 sessions', () => {
    const cache = new SessionCache();
    for (let peer = 0; peer < 150; peer++) cache.set(String(peer), session('x'));
    expect(cache.size).toBe(100);
  });
});
