import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { EngineHarness, type Call } from '../../../test/support/http2/engine-harness.ts';
import {
  data,
  goAway,
  headers,
  ping,
  reset,
  settings,
  settingsAcknowledgement,
  type SettingEntry,
} from '../../../test/support/http2/frame-factory.ts';
import { ReadError } from '../../contract/errors.ts';
import { ErrorCode, Setting } from './constants.ts';
import { unlimitedWindowMemory, type WindowMemory } from './flow-control.ts';
import type { Http2EngineOptions } from './options.ts';
import type { Http2Stream } from './stream.ts';

const frameSize = 16_384;
const mebibyte = 1_048_576;
const head = (id: number): Buffer => headers(id, [[':status', '200']]);
const full = Buffer.alloc(frameSize);

function ready(options: Partial<Http2EngineOptions> = {}, ...entries: readonly SettingEntry[]): EngineHarness {
  const peer = new EngineHarness(options);
  peer.receive(settings(...entries), settingsAcknowledgement());
  peer.clear();
  return peer;
}

describe('the windows that we give', () => {
  const small = { streamWindow: 100_000, readWindow: 100_000, maxStreamWindow: 100_000, connectionWindow: 200_000 };

  it('are renewed when a quarter of them was taken, streams and connection each on its own', () => {
    const peer = ready(small);
    const stream = peer.open('GET', '/');
    peer.clear();
    peer.receive(head(1), data(1, full));
    expect(peer.sent()).toEqual([]);
    peer.receive(data(1, full));
    expect(peer.sent()).toEqual([`WINDOW_UPDATE 1 ${2 * frameSize}`]);
    peer.receive(data(1, full));
    expect(peer.sent()).toEqual([]);
    peer.receive(data(1, full));
    // 4 frames are 65,536 octets: more than a quarter of the connection's.
    expect(peer.sent()).toEqual([`WINDOW_UPDATE 1 ${2 * frameSize}`, `WINDOW_UPDATE ${4 * frameSize}`]);
    expect(stream.token.body).toHaveLength(4 * frameSize);
  });

  it('are not renewed by what nobody takes: that of the stream, for that of the connection is for everybody', () => {
    const peer = ready(small);
    peer.consumes = false;
    const stream = peer.open('GET', '/');
    peer.clear();
    peer.receive(head(1), ...Array.from({ length: 6 }, () => data(1, full)));
    expect(peer.sent()).toEqual([`WINDOW_UPDATE ${6 * frameSize}`]);
    peer.engine.consumed(stream, 6 * frameSize);
    expect(peer.sent()).toEqual([`WINDOW_UPDATE 1 ${6 * frameSize}`]);
  });

  it('of the connection are never used up by any number of responses that nobody reads', () => {
    const peer = ready({}, [Setting.MAX_CONCURRENT_STREAMS, 10_000]);
    peer.consumes = false;
    peer.recordsData = false;
    for (let count = 0; count < 200; count += 1) {
      const { id } = peer.open('GET', '/');
      peer.receive(head(id), ...Array.from({ length: mebibyte / frameSize }, () => data(id, full)));
      if (count % 10 === 0) peer.clear();
    }
    peer.consumes = true;
    peer.recordsData = true;
    const stream = peer.open('GET', '/');
    peer.receive(head(stream.id), data(stream.id, full, { endStream: true }));
    expect(peer.error).toBeUndefined();
    expect(stream.token.body).toHaveLength(frameSize);
  });

  it('are given back to the connection for a stream that is given up, and for what still comes for it', () => {
    const peer = ready({ ...small, connectionWindow: 4 * 6 * frameSize });
    peer.consumes = false;
    const stream = peer.open('GET', '/');
    peer.clear();
    peer.receive(head(1), ...Array.from({ length: 5 }, () => data(1, full)));
    peer.engine.resetStream(stream, ErrorCode.CANCEL);
    peer.engine.resetStream(stream, ErrorCode.CANCEL);
    peer.engine.consumed(stream, frameSize);
    expect(peer.sent()).toEqual(['RST_STREAM 1 CANCEL']);
    peer.receive(data(1, full));
    expect(peer.sent()).toEqual([`WINDOW_UPDATE ${6 * frameSize}`]);
  });

  it('can not be opened by saying that more was taken than there was', () => {
    const peer = ready(small);
    peer.consumes = false;
    const stream = peer.open('GET', '/');
    peer.clear();
    peer.receive(head(1), data(1, full));
    peer.engine.consumed(stream, 10 * mebibyte);
    expect(peer.sent()).toEqual([]);
    peer.receive(...Array.from({ length: 6 }, () => data(1, full)));
    expect(stream.token.error?.code).toBe('H2_FLOW_CONTROL_ERROR');
  });

  it('count padding, which is given back without anybody having to take it', () => {
    const peer = ready(small);
    const stream = peer.open('GET', '/');
    peer.clear();
    peer.receive(head(1), ...Array.from({ length: 120 }, () => data(1, 'x'.repeat(100), { padding: 155 })));
    expect(stream.token.body).toHaveLength(12_000);
    // The 98th frame makes it more than a quarter, with its data.
    expect(peer.sent()).toEqual([`WINDOW_UPDATE 1 ${98 * 256}`]);
  });

  it('may be smaller than the default once the peer has acknowledged it, not before', () => {
    const peer = new EngineHarness({ streamWindow: 10 });
    peer.consumes = false;
    const early = peer.open('GET', '/');
    const other = peer.open('GET', '/');
    peer.receive(settings(), head(1), head(3), data(1, 'x'.repeat(100)), data(3, 'x'.repeat(4)));
    expect(early.token.error).toBeUndefined();
    expect(peer.engine.areSettingsAcknowledged).toBe(false);
    peer.receive(settingsAcknowledgement());
    expect(peer.engine.areSettingsAcknowledged).toBe(true);
    peer.receive(data(3, 'x'.repeat(6)));
    expect(other.token.error).toBeUndefined();
    peer.receive(data(1, 'x'), data(3, 'x'));
    expect([early.token.error?.code, other.token.error?.code]).toEqual(['H2_FLOW_CONTROL_ERROR', 'H2_FLOW_CONTROL_ERROR']);
    const late = peer.open('GET', '/');
    peer.receive(head(5), data(5, 'x'.repeat(11)));
    expect(late.token.error?.code).toBe('H2_FLOW_CONTROL_ERROR');
  });
});

describe('the windows of responses that are read', () => {
  /** A peer that sends what the stream's window allows, once for each round trip of 100 ms; returns the windows it was given. */
  function download(peer: EngineHarness, roundTrips: number, onBegun: () => void = () => {}): number[] {
    peer.recordsData = false;
    const { id } = peer.open('GET', '/');
    onBegun();
    let window = Number(/ 4=(\d+)/.exec(peer.sent().find((frame) => frame.startsWith('SETTINGS 2')) ?? ' 4=1048576')![1]);
    const windows = [window];
    peer.receive(settings(), settingsAcknowledgement(), head(id));
    for (let trip = 0; trip < roundTrips; trip += 1) {
      const frames: Buffer[] = [];
      for (; window >= frameSize; window -= frameSize) frames.push(data(id, full));
      peer.receive(...frames);
      peer.time += 100;
      for (const frame of peer.sent()) {
        expect(frame).not.toMatch(/^SETTINGS 4/);
        const update = /^WINDOW_UPDATE (\d+) (\d+)$/.exec(frame);
        if (update !== null && Number(update[1]) === id) window += Number(update[2]);
        const measurement = /^PING ([0-9a-f]{8})([0-9a-f]{8})$/.exec(frame);
        if (measurement !== null) peer.receive(ping(Number.parseInt(measurement[1]!, 16), Number.parseInt(measurement[2]!, 16), true));
      }
      windows.push(window);
    }
    return windows;
  }

  it('double with each round trip, to 16 MiB where bandwidth × delay asks for it, and stop there', () => {
    const windows = download(new EngineHarness({ streamWindow: mebibyte / 4 }), 30);
    expect(windows.slice(0, 3).map((window) => Math.ceil((window / mebibyte) * 10))).toEqual([3, 5, 10]);
    expect(Math.max(...windows)).toBe(16 * mebibyte);
    expect(windows.at(-1)).toBeGreaterThan(8 * mebibyte);
  });

  it('grow alone: what is not read, or begins later, has what every stream has', () => {
    const peer = new EngineHarness();
    let quiet!: Http2Stream<Call>;
    expect(download(peer, 10, () => (quiet = peer.open('GET', '/quiet'))).at(-1)).toBeGreaterThan(4 * mebibyte);
    peer.consumes = false;
    const next = peer.open('GET', '/next');
    peer.receive(head(quiet.id), head(next.id));
    for (const stream of [quiet, next]) {
      peer.receive(...Array.from({ length: mebibyte / frameSize }, () => data(stream.id, full)));
      expect(stream.token.error).toBeUndefined();
      peer.receive(data(stream.id, 'x'));
      expect(stream.token.error?.code).toBe('H2_FLOW_CONTROL_ERROR');
    }
  });

  it('become small again for a reader who has fallen behind', () => {
    const peer = new EngineHarness();
    let window = download(peer, 10).at(-1)!;
    expect(window).toBeGreaterThan(4 * mebibyte);
    peer.consumes = false;
    const stream = peer.engine.tokens()[0]!.stream!;
    let held = 0;
    const receiveAll = (): void => {
      while (window >= frameSize) {
        peer.receive(data(1, full));
        window -= frameSize;
        held += frameSize;
      }
    };
    const take = (): void => {
      peer.engine.consumed(stream, frameSize);
      held -= frameSize;
      for (const frame of peer.sent()) window += Number(/^WINDOW_UPDATE 1 (\d+)$/.exec(frame)?.[1] ?? 0);
    };
    for (let turn = 0; turn < 2_000; turn += 1) {
      receiveAll();
      take();
    }
    for (let left = held; left > 0; left -= frameSize) take();
    expect(window).toBeLessThanOrEqual(2 * mebibyte);
  });

  it('grow out of a memory that all connections share, and give it back when they end', () => {
    let left = 100_000;
    let streams = 0;
    let allowed = 0;
    const windowMemory: WindowMemory = {
      open(window): void {
        streams += 1;
        allowed += window;
      },
      close(window, grown): void {
        streams -= 1;
        allowed -= window;
        left += grown;
      },
      allow: (octets) => void (allowed += octets),
      use(octets): void {
        allowed -= octets;
      },
      grow(octets): number {
        const grown = Math.min(octets, left);
        left -= grown;
        return grown;
      },
      growAnyway: (octets) => void (left -= octets),
      opening: 0,
    };
    const ends: ((peer: EngineHarness) => void)[] = [
      (peer) => peer.receive(data(1, '', { endStream: true })),
      (peer) => peer.receive(headers(1, [['a', 'b']], { endStream: true })),
      (peer) => peer.receive(reset(1, ErrorCode.NO_ERROR)),
      (peer) => peer.receive(reset(1, ErrorCode.CANCEL)),
      (peer) => peer.receive(goAway(0)),
      (peer) => peer.receive(data(0, 'x')),
      (peer) => peer.engine.resetStream(peer.engine.tokens()[0]!.stream!, ErrorCode.CANCEL),
      (peer) => peer.engine.terminate(new ReadError('gone')),
    ];
    for (const end of ends) {
      const peer = new EngineHarness({ windowMemory });
      expect(download(peer, 10).at(-1)).toBeLessThanOrEqual(mebibyte + 100_000);
      expect([left, streams]).toEqual([0, 1]);
      // All that it may send, and what it has sent that was not given back to it, is its window.
      expect(allowed).toBeLessThanOrEqual(mebibyte + 100_000);
      expect(allowed).toBe(peer.engine.tokens()[0]!.stream!.receiveWindow.available);
      end(peer);
      expect([left, streams, allowed]).toEqual([100_000, 0, 0]);
    }
  });

  it('stay as they are where they are not what limits', () => {
    const peer = new EngineHarness();
    peer.open('GET', '/');
    peer.clear();
    peer.receive(settings(), head(1));
    let largest = 0;
    for (let trip = 0; trip < 200; trip += 1) {
      peer.receive(data(1, full));
      for (const frame of peer.sent()) {
        const measurement = /^PING ([0-9a-f]{8})([0-9a-f]{8})$/.exec(frame);
        if (measurement !== null) peer.receive(ping(Number.parseInt(measurement[1]!, 16), Number.parseInt(measurement[2]!, 16), true));
        const update = /^WINDOW_UPDATE 1 (\d+)$/.exec(frame);
        if (update !== null) largest = Math.max(largest, Number(update[1]));
      }
      peer.time += 100;
    }
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThan(mebibyte);
  });

  it('are not measured by answers that nobody asked for', () => {
    const peer = ready();
    peer.receive(ping(0x6264_7031, 1, true), ping(0x6264_7031, 7, true));
    expect(peer.events()).toEqual([]);
    expect(peer.error).toBeUndefined();
  });
});

describe('windows that are shut', () => {
  it('let nobody send but those who are waited for, and open again for all', () => {
    const peer = ready({ windowMemory: { ...unlimitedWindowMemory, grow: () => 0 } });
    peer.consumes = false;
    const unread = peer.open('GET', '/');
    const waited = peer.open('GET', '/');
    peer.receive(head(1), head(3), data(1, full), data(3, full));
    peer.clear();
    peer.engine.resizeStreamWindows(0);
    expect(peer.sent()).toEqual(['SETTINGS 4=0']);
    peer.receive(settingsAcknowledgement());
    peer.engine.consumed(waited, frameSize);
    // What was taken is given back: to nothing, from less than nothing. And as much again, since it is read.
    expect(peer.sent()).toEqual([`WINDOW_UPDATE 3 ${2 * frameSize}`]);
    peer.engine.open(waited);
    peer.receive(data(3, full));
    peer.engine.consumed(waited, frameSize);
    expect(peer.sent()).toEqual([`WINDOW_UPDATE 3 ${2 * frameSize}`]);
    peer.receive(data(3, full), data(1, 'x'));
    expect(waited.token.error).toBeUndefined();
    expect(unread.token.error?.code).toBe('H2_FLOW_CONTROL_ERROR');
    const fresh = peer.open('GET', '/');
    peer.clear();
    peer.engine.open(fresh);
    expect(peer.sent()).toEqual(['WINDOW_UPDATE 5 65536']);
    peer.engine.resizeStreamWindows(mebibyte);
    expect(peer.sent()).toEqual([`SETTINGS 4=${mebibyte}`]);
    const later = peer.open('GET', '/');
    peer.receive(head(7), ...Array.from({ length: mebibyte / frameSize }, () => data(7, full)));
    expect(later.token.error).toBeUndefined();
    peer.receive(data(7, 'x'));
    expect(later.token.error?.code).toBe('H2_FLOW_CONTROL_ERROR');
  });

  it('are no fault of a peer that has not read of it', () => {
    const peer = ready();
    peer.consumes = false;
    const stream = peer.open('GET', '/');
    peer.receive(head(1));
    for (const window of [0, 1_000, 0]) peer.engine.resizeStreamWindows(window);
    peer.clear();
    peer.receive(...Array.from({ length: mebibyte / frameSize }, () => data(1, full)));
    expect(stream.token.error).toBeUndefined();
    peer.receive(settingsAcknowledgement(), settingsAcknowledgement(), settingsAcknowledgement());
    peer.receive(data(1, 'x'));
    expect(stream.token.error?.code).toBe('H2_FLOW_CONTROL_ERROR');
  });
});
