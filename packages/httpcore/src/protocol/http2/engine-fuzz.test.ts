/**
 * Conversations that a real server could have, then broken at random: bits flipped, frames dropped, doubled, swapped, cut and
 * made up. Whatever comes: nothing is thrown, every stream ends at most once, and a chunk more or less makes no difference.
 */
import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { EngineHarness } from '../../../test/support/http2/engine-harness.ts';
import {
  continuation,
  data,
  frame,
  goAway,
  headers,
  ping,
  priority,
  reset,
  settings,
  settingsAcknowledgement,
  windowUpdate,
} from '../../../test/support/http2/frame-factory.ts';
import { ReferenceEncoder } from '../../../test/support/http2/reference-hpack.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { ReadError } from '../../contract/errors.ts';

type Random = (below: number) => number;

function conversation(random: Random): Buffer[] {
  const encoder = new ReferenceEncoder();
  const frames: Buffer[] = [settings([3, random(200)], [4, random(200_000)], [1, random(3) * 2_048]), settingsAcknowledgement()];
  for (const id of [1, 3, 5, 7]) {
    const block = encoder.encode([
      [':status', ['200', '204', '404', '103'][random(4)]!],
      ['date', `x${random(5)}`],
      ['x-long', 'y'.repeat(random(60))],
      ...(random(4) === 0 ? [['content-length', String(random(30))] as const] : []),
    ]);
    const cut = random(block.length);
    if (random(3) === 0) frames.push(headers(id, block.subarray(0, cut), { endHeaders: false }), continuation(id, block.subarray(cut)));
    else frames.push(headers(id, block, random(2) === 0 ? {} : { padding: random(20), priority: random(2) === 0 }));
    for (let count = random(4); count > 0; count -= 1)
      frames.push(data(id, 'z'.repeat(random(30)), random(3) === 0 ? { padding: random(10) } : {}));
    if (random(3) === 0) frames.push(headers(id, encoder.encode([['trailer', 'a']]), { endStream: true }));
    else if (random(4) > 0) frames.push(data(id, '', { endStream: true }));
    else frames.push(reset(id, random(15)));
    const others = [
      ping(random(9), random(9)),
      windowUpdate(random(2) * id, random(99_999)),
      priority(id),
      goAway(random(9), 0),
      frame(random(256), random(256), random(9), 'noise'),
    ];
    if (random(2) === 0) frames.push(others[random(others.length)]!);
  }
  return frames;
}

function broken(frames: Buffer[], random: Random): Buffer {
  const mutated: Buffer[] = frames.map((one) => Buffer.from(one));
  for (let count = random(4); count > 0; count -= 1) {
    const at = random(mutated.length);
    const victim = mutated[at]!;
    switch (random(7)) {
      case 0:
        victim[random(victim.length)]! ^= 1 << random(8);
        break;
      case 1:
        victim[random(Math.min(9, victim.length))] = random(256);
        break;
      case 2:
        mutated.splice(at, 1);
        break;
      case 3:
        mutated.splice(random(mutated.length), 0, victim);
        break;
      case 4:
        mutated.splice(at, 1, victim.subarray(0, random(victim.length)));
        break;
      case 5:
        mutated.splice(
          at,
          0,
          frame(random(12), random(256), random(12), Buffer.from(Array.from({ length: random(40) }, () => random(256)))),
        );
        break;
      default:
        [mutated[at], mutated[0]] = [mutated[0]!, victim];
    }
    if (mutated.length === 0) break;
  }
  return Buffer.concat(mutated);
}

function pieces(bytes: Buffer, random: Random): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random(random(3) === 0 ? 3 : 60);
    cut.push(bytes.subarray(at, at + length));
    at += length;
  }
  return cut;
}

function run(chunks: readonly Buffer[]): { readonly events: string[]; readonly sent: string[] } {
  const peer = new EngineHarness();
  const upload = peer.open('POST', '/', { endStream: false });
  peer.open('GET', '/');
  peer.open('HEAD', '/');
  const given = peer.open('POST', '/', { endStream: false });
  peer.engine.sendData(upload, Buffer.alloc(70_000));
  peer.engine.sendData(given, Buffer.from('abc'));
  peer.engine.endStream(given, [['x', 'y']]);
  peer.clear();
  for (const chunk of chunks) peer.engine.receive(chunk);
  peer.engine.terminate(new ReadError('gone'));
  return { events: peer.events(), sent: peer.sent() };
}

describe('a broken conversation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('throws nothing and ends every stream once, however it is cut (seed %i)', (seed) => {
    const random = seededRandom(seed);
    let connectionErrors = 0;
    let resets = 0;
    for (let round = 0; round < 250; round += 1) {
      const bytes = broken(conversation(random), random);
      const whole = run([bytes]);
      const label = `seed ${seed}, round ${round}: ${bytes.toString('hex')}`;
      expect(run(pieces(bytes, random)), label).toEqual(whole);
      for (const id of [1, 3, 5, 7]) {
        const endings = whole.events.filter((event) => event.startsWith(`end ${id} `) || event.startsWith(`reset ${id} `));
        expect(endings, label).toHaveLength(1);
        const last = whole.events.lastIndexOf(endings[0]!);
        const after = whole.events
          .slice(last + 1)
          .filter((event) => event.split(' ')[1] === String(id) && /^(?:head|data|informational|end|reset) /.test(event));
        expect(after, label).toEqual([]);
      }
      if (whole.events.some((event) => event.startsWith('connection error'))) connectionErrors += 1;
      if (whole.sent.some((one) => one.startsWith('RST_STREAM'))) resets += 1;
    }
    // The mutations reach both kinds of error, and neither all the time.
    expect(connectionErrors).toBeGreaterThan(20);
    expect(connectionErrors).toBeLessThan(230);
    expect(resets).toBeGreaterThan(5);
  });

  it('of noise alone throws nothing', () => {
    const random = seededRandom(99);
    for (let round = 0; round < 300; round += 1) {
      const noise = Buffer.from(Array.from({ length: random(200) }, () => random(256)));
      const { events } = run([Buffer.concat([settings(), noise])]);
      expect(events.filter((event) => event.startsWith('connection error')).length).toBeLessThanOrEqual(1);
      expect(events.filter((event) => event.startsWith('reset'))).toHaveLength(4);
    }
  });

  it('of an unexpected end names it', () => {
    const peer = new EngineHarness();
    const stream = peer.open('GET', '/');
    peer.receive(settings(), headers(1, [[':status', '200']], { endHeaders: false }));
    peer.engine.terminate(new ReadError('gone', { code: 'CONNECTION_CLOSED' }));
    expect(stream.token.error?.code).toBe('CONNECTION_CLOSED');
  });
});
