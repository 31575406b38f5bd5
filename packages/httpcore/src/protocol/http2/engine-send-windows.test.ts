import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { EngineHarness } from '../../../test/support/http2/engine-harness.ts';
import { ping, settings, settingsAcknowledgement, windowUpdate, type SettingEntry } from '../../../test/support/http2/frame-factory.ts';
import { ErrorCode, Setting } from './constants.ts';
import type { Http2EngineOptions } from './options.ts';

const frameSize = 16_384;
const mebibyte = 1_048_576;

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
