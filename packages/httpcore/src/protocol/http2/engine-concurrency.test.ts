import type { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { EngineHarness } from '../../../test/support/http2/engine-harness.ts';
import { headers, settings, type SettingEntry } from '../../../test/support/http2/frame-factory.ts';
import { LocalProtocolError } from '../../contract/errors.ts';
import { Setting } from './constants.ts';

function ready(...entries: readonly SettingEntry[]): EngineHarness {
  const peer = new EngineHarness();
  peer.receive(settings(...entries));
  peer.clear();
  return peer;
}

function codeOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    if (error instanceof LocalProtocolError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('the number of streams', () => {
  const endOf = (id: number): Buffer => headers(id, [[':status', '204']], { endStream: true });

  it('is taken to be limited to 100 before the peer has said its limit', () => {
    const peer = new EngineHarness();
    expect(peer.engine.capacity).toBe(100);
    for (let count = 0; count < 100; count += 1) peer.open('GET', '/');
    expect(peer.engine.capacity).toBe(0);
    expect(codeOf(() => peer.open('GET', '/'))).toBe('NO_CAPACITY');
    expect(peer.engine.openStreams).toBe(100);
  });

  it('is limited only by identifiers where the peer names no limit', () => {
    expect(ready().engine.capacity).toBe(2 ** 30);
    // One that happens to be the number that was assumed is a limit all the same.
    expect(ready([Setting.MAX_CONCURRENT_STREAMS, 100]).engine.capacity).toBe(100);
  });

  it('survives a limit of 0, and one that is lowered under what is open', () => {
    const peer = ready([Setting.MAX_CONCURRENT_STREAMS, 0]);
    expect(peer.engine.capacity).toBe(0);
    peer.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 3]));
    for (let count = 0; count < 3; count += 1) peer.open('GET', '/');
    peer.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 1]));
    expect(peer.engine.capacity).toBe(0);
    peer.receive(endOf(1), endOf(3));
    expect(peer.engine.capacity).toBe(0);
    peer.receive(endOf(5));
    expect(peer.engine.capacity).toBe(1);
  });

  it('tells of each change', () => {
    const peer = ready([Setting.MAX_CONCURRENT_STREAMS, 2]);
    peer.open('GET', '/');
    peer.open('GET', '/');
    const before = peer.capacityChanges;
    peer.receive(endOf(1));
    expect(peer.capacityChanges).toBe(before + 1);
    expect(peer.engine.capacity).toBe(1);
  });

  it('counts a stream until both directions have ended', () => {
    const peer = ready([Setting.MAX_CONCURRENT_STREAMS, 1]);
    const stream = peer.open('POST', '/', { endStream: false });
    peer.receive(endOf(1));
    expect([peer.engine.capacity, stream.isClosed]).toEqual([0, false]);
    peer.engine.endStream(stream, null);
    expect([peer.engine.capacity, stream.isClosed]).toEqual([1, true]);
    expect(peer.events()).toEqual(['head 1 204 [] end', 'end 1 []', 'request sent 1']);
  });

  it('is exhausted with the identifiers', () => {
    const peer = new EngineHarness({ firstStreamId: 2 ** 31 - 3 });
    peer.receive(settings());
    expect(peer.engine.capacity).toBe(2);
    expect([peer.open('GET', '/').id, peer.open('GET', '/').id]).toEqual([2 ** 31 - 3, 2 ** 31 - 1]);
    peer.receive(endOf(2 ** 31 - 3), endOf(2 ** 31 - 1));
    expect(peer.events().slice(1)).toEqual([
      'head 2147483645 204 [] end',
      'end 2147483645 []',
      'head 2147483647 204 [] end',
      'end 2147483647 []',
    ]);
    expect(peer.engine.capacity).toBe(0);
  });

  it('may be used again from inside a callback', () => {
    const peer = ready([Setting.MAX_CONCURRENT_STREAMS, 1]);
    peer.open('GET', '/1');
    peer.onEvent = (event) => {
      if (event === 'end 1 []') peer.open('GET', '/2');
    };
    peer.clear();
    peer.receive(endOf(1));
    expect(peer.sent()).toEqual(['HEADERS 3 END_STREAM :method=GET :scheme=https :authority=example.com :path=/2']);
  });
});
