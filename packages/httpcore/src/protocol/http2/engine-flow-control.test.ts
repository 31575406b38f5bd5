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
  windowUpdate,
  type SettingEntry,
} from '../../../test/support/http2/frame-factory.ts';
import { ReadError } from '../../contract/errors.ts';
import { ErrorCode, Setting } from './constants.ts';
import type { Http2EngineOptions } from './options.ts';
import type { Http2Stream } from './stream.ts';

const frameSize = 16_384;
const mebibyte = 1_048_576;
const head = (id: number): Buffer => headers(id, [[':status', '200']]);
const full = Buffer.alloc(frameSize);

/** Octets of DATA sent on a stream, from what `sent` says. */
function octetsSent(frames: readonly string[], id: number): number {
  let octets = 0;
  for (const frame of frames) {
    const match = new RegExp(`^DATA ${id} (?:END_STREAM )?(?:\\((\\d+) octets\\)|"(.*)")$`).exec(frame);
    if (match !== null) octets += match[1] === undefined ? (JSON.parse(`"${match[2]!}"`) as string).length : Number(match[1]);
  }
  return octets;
}

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
      peer.receive(head(id), ...Array.from({ length: mebibyte / 4 / frameSize }, () => data(id, full)));
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
    let window = Number(/ 4=(\d+)/.exec(peer.sent().find((frame) => frame.startsWith('SETTINGS 2')) ?? ' 4=262144')![1]);
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
    const windows = download(new EngineHarness(), 30);
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
      peer.receive(...Array.from({ length: mebibyte / 4 / frameSize }, () => data(stream.id, full)));
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
    for (let turn = 0; turn < 3_000; turn += 1) {
      for (; window >= frameSize && turn < 2_000; window -= frameSize) {
        peer.receive(data(1, full));
        held += frameSize;
      }
      if (held === 0) break;
      peer.engine.consumed(stream, frameSize);
      held -= frameSize;
      for (const frame of peer.sent()) window += Number(/^WINDOW_UPDATE 1 (\d+)$/.exec(frame)?.[1] ?? 0);
    }
    expect(window).toBeLessThanOrEqual(mebibyte / 2);
  });

  it('grow out of a memory that all connections share, and give it back when they end', () => {
    let left = 100_000;
    const windowMemory = {
      take(octets: number): number {
        const taken = Math.min(octets, left);
        left -= taken;
        return taken;
      },
      takeAnyway(octets: number): number {
        left -= octets;
        return octets;
      },
      give: (octets: number): void => void (left += octets),
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
      expect(download(peer, 10).at(-1)).toBeLessThanOrEqual(mebibyte / 4 + 100_000);
      expect(left).toBe(0);
      end(peer);
      expect(left).toBe(100_000);
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
    const peer = ready({ windowMemory: { take: () => 0, takeAnyway: (octets) => octets, give() {} } });
    peer.consumes = false;
    const unread = peer.open('GET', '/');
    const waited = peer.open('GET', '/');
    peer.receive(head(1), head(3), data(1, full), data(3, full));
    peer.clear();
    peer.engine.resizeStreamWindows(0);
    expect(peer.sent()).toEqual(['SETTINGS 4=0']);
    peer.receive(settingsAcknowledgement());
    peer.engine.consumed(waited, frameSize);
    // What was taken is given back: to nothing, from less than nothing.
    expect(peer.sent()).toEqual([`WINDOW_UPDATE 3 ${frameSize}`]);
    peer.engine.open(waited);
    peer.engine.open(waited);
    expect(peer.sent()).toEqual(['WINDOW_UPDATE 3 65536']);
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
    peer.receive(...Array.from({ length: mebibyte / 4 / frameSize }, () => data(1, full)));
    expect(stream.token.error).toBeUndefined();
    peer.receive(settingsAcknowledgement(), settingsAcknowledgement(), settingsAcknowledgement());
    peer.receive(data(1, 'x'));
    expect(stream.token.error?.code).toBe('H2_FLOW_CONTROL_ERROR');
  });
});

describe('the windows that we are given', () => {
  it('are never exceeded: the connection 65,535 at first', () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, 1_000_000]);
    const stream = peer.open('POST', '/', { endStream: false });
    expect(peer.engine.sendData(stream, Buffer.alloc(100_000))).toBe(false);
    expect(octetsSent(peer.sent(), 1)).toBe(65_535);
    peer.receive(windowUpdate(0, 10));
    expect(octetsSent(peer.sent(), 1)).toBe(10);
    peer.receive(windowUpdate(1, 1_000));
    expect(peer.sent()).toEqual([]);
    peer.receive(windowUpdate(0, 1_000_000));
    expect(octetsSent(peer.sent(), 1)).toBe(100_000 - 65_545);
  });

  it("of one stream hold up no other, nor the others' ends", () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, 10]);
    const slow = peer.open('POST', '/', { endStream: false });
    const quick = peer.open('POST', '/', { endStream: false });
    peer.clear();
    peer.engine.sendData(slow, Buffer.from('x'.repeat(30)));
    peer.engine.sendData(quick, Buffer.from('y'.repeat(5)));
    peer.engine.endStream(quick, null);
    peer.engine.endStream(slow, null);
    expect(peer.sent()).toEqual([`DATA 1 "${'x'.repeat(10)}"`, `DATA 3 END_STREAM "${'y'.repeat(5)}"`]);
    peer.receive(windowUpdate(1, 100));
    expect(peer.sent()).toEqual([`DATA 1 END_STREAM "${'x'.repeat(20)}"`]);
  });

  it('are not needed by the end of a body', () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, 0]);
    const stream = peer.open('POST', '/', { endStream: false });
    peer.engine.endStream(stream, null);
    const other = peer.open('POST', '/', { endStream: false });
    peer.engine.endStream(other, [['a', 'b']]);
    expect(peer.sent().slice(-2)).toEqual([
      'HEADERS 3 :method=POST :scheme=https :authority=example.com :path=/',
      'HEADERS 3 END_STREAM a=b',
    ]);
  });

  it('change for open streams with INITIAL_WINDOW_SIZE, also to less than nothing', () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, 10]);
    const stream = peer.open('POST', '/', { endStream: false });
    peer.engine.sendData(stream, Buffer.from('x'.repeat(30)));
    peer.clear();
    peer.receive(settings([Setting.INITIAL_WINDOW_SIZE, 5]));
    peer.receive(windowUpdate(1, 5));
    expect(octetsSent(peer.sent(), 1)).toBe(0);
    peer.receive(windowUpdate(1, 2));
    expect(octetsSent(peer.sent(), 1)).toBe(2);
    peer.receive(settings([Setting.INITIAL_WINDOW_SIZE, 6], [Setting.INITIAL_WINDOW_SIZE, 100]));
    expect(octetsSent(peer.sent(), 1)).toBe(18);
    const later = peer.open('POST', '/', { endStream: false });
    peer.engine.sendData(later, Buffer.alloc(200));
    expect(octetsSent(peer.sent(), 3)).toBe(100);
  });

  it('may become less than nothing while bodies wait for the sink or for the connection', () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, 40_000]);
    const [one, two] = [1, 2].map(() => peer.open('POST', '/', { endStream: false }));
    peer.clear();
    peer.sinkHasRoom = false;
    peer.engine.sendData(one!, Buffer.alloc(60_000));
    peer.engine.sendData(two!, Buffer.alloc(60_000));
    expect(octetsSent(peer.sent(), 1)).toBe(frameSize);
    peer.receive(settings([Setting.INITIAL_WINDOW_SIZE, 100]));
    peer.sinkHasRoom = true;
    peer.engine.onDrained();
    const frames = peer.sent();
    expect([octetsSent(frames, 1), octetsSent(frames, 3)]).toEqual([0, 100]);
    // 16,384 of 100 were sent.
    peer.receive(windowUpdate(1, frameSize - 100 + 7));
    expect(octetsSent(peer.sent(), 1)).toBe(7);
    // The connection's window is the next to be used up.
    peer.receive(windowUpdate(1, 100_000), windowUpdate(3, 100_000));
    const rest = peer.sent();
    expect(octetsSent(rest, 1) + octetsSent(rest, 3)).toBe(65_535 - frameSize - 100 - 7);
    peer.receive(settings([Setting.INITIAL_WINDOW_SIZE, 0]), windowUpdate(0, 200_000));
    const end = peer.sent();
    expect(octetsSent(frames, 1) + frameSize + 7 + octetsSent(rest, 1) + octetsSent(end, 1)).toBe(60_000);
    expect(octetsSent(frames, 3) + octetsSent(rest, 3) + octetsSent(end, 3)).toBe(60_000);
  });

  it('are shared by turns, a frame each, whatever each has to send', () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, mebibyte]);
    peer.receive(windowUpdate(0, 4 * mebibyte));
    const streams = [1, 2, 3].map(() => peer.open('POST', '/', { endStream: false }));
    peer.clear();
    peer.engine.sendData(streams[0]!, Buffer.alloc(5 * frameSize));
    peer.engine.sendData(streams[1]!, Buffer.alloc(2 * frameSize));
    peer.engine.sendData(streams[2]!, Buffer.from('z'));
    expect(peer.sent().map((frame) => frame.split(' ')[1])).toEqual(['1', '3', '5', '1', '3', '1', '1', '1']);
  });

  it('are shared fairly by hundreds of bodies under a connection window that opens little by little', () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, mebibyte], [Setting.MAX_CONCURRENT_STREAMS, 1_000]);
    const streams = Array.from({ length: 200 }, () => peer.open('POST', '/', { endStream: false }));
    for (const stream of streams) peer.engine.sendData(stream, Buffer.alloc(8 * frameSize));
    const octets = new Map<number, number>();
    const count = (): void => {
      for (const frame of peer.sent()) {
        const id = Number(frame.split(' ')[1]);
        if (frame.startsWith('DATA')) octets.set(id, (octets.get(id) ?? 0) + octetsSent([frame], id));
      }
    };
    count();
    for (let turn = 0; turn < 100; turn += 1) {
      peer.receive(windowUpdate(0, 6 * frameSize));
      count();
    }
    // 604 frames over 200 bodies: each has had three.
    expect(octets.size).toBe(200);
    expect(Math.max(...octets.values()) - Math.min(...octets.values())).toBeLessThanOrEqual(frameSize + 1);
  });

  it('forget a body that was given up', () => {
    const peer = ready();
    const stream = peer.open('POST', '/', { endStream: false });
    const other = peer.open('POST', '/', { endStream: false });
    peer.engine.sendData(stream, Buffer.alloc(100_000));
    peer.engine.sendData(other, Buffer.from('y'));
    peer.engine.resetStream(stream, ErrorCode.CANCEL);
    expect(peer.sent().slice(2)).toEqual(['RST_STREAM 1 CANCEL', 'DATA 3 "y"']);
    expect(peer.engine.sendData(stream, Buffer.from('x'))).toBe(true);
    peer.receive(windowUpdate(0, 100_000));
    expect(peer.sent()).toEqual([]);
  });
});

describe('a caller with more to send than there is room for', () => {
  it('is told to stop, and once when to go on', () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, mebibyte]);
    const stream = peer.open('POST', '/', { endStream: false });
    expect(peer.engine.sendData(stream, Buffer.alloc(65_535))).toBe(true);
    expect(peer.engine.sendData(stream, Buffer.alloc(1))).toBe(false);
    peer.engine.flush();
    expect(peer.events()).toEqual(['writable 1']);
    peer.engine.flush();
    expect(peer.events()).toEqual([]);
  });

  it('can give more from inside the call', () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, mebibyte]);
    peer.receive(windowUpdate(0, mebibyte));
    const stream = peer.open('POST', '/', { endStream: false });
    let left = 5;
    peer.onEvent = (event) => {
      if (event !== 'writable 1') return;
      left -= 1;
      if (left === 0) peer.engine.endStream(stream, null);
      else peer.engine.sendData(stream, Buffer.alloc(100_000));
    };
    peer.engine.sendData(stream, Buffer.alloc(100_000));
    expect(octetsSent(peer.sent(), 1)).toBe(500_000);
    expect(stream.state).toBe(2);
  });
});

describe('a sink that is full', () => {
  it('stops the bodies, not the rest, until it has drained', () => {
    const peer = ready({}, [Setting.INITIAL_WINDOW_SIZE, mebibyte]);
    const stream = peer.open('POST', '/', { endStream: false });
    peer.clear();
    peer.sinkHasRoom = false;
    peer.engine.sendData(stream, Buffer.alloc(3 * frameSize));
    expect(octetsSent(peer.sent(), 1)).toBe(frameSize);
    peer.receive(ping(1, 1));
    peer.open('GET', '/');
    expect(peer.sent()).toEqual([
      'PING ACK 0000000100000001',
      'HEADERS 3 END_STREAM :method=GET :scheme=https :authority=example.com :path=/',
    ]);
    peer.sinkHasRoom = true;
    const before = peer.outputAnnouncements;
    peer.engine.onDrained();
    expect(peer.outputAnnouncements).toBe(before + 1);
    expect(octetsSent(peer.sent(), 1)).toBe(2 * frameSize);
  });
});
