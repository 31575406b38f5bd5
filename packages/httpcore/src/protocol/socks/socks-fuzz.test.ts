/**
 * Answers that a real proxy could give, then broken at random: bits flipped, pieces dropped, doubled, cut and made up. Whatever comes: nothing is
 * thrown, the handler is told one thing at most, and exactly one once the proxy has left; and how the octets arrive makes no difference.
 */
import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { seededRandom } from '../../../test/support/seeded-random.ts';
import { transcriptOf, type Scenario } from '../../../test/support/socks/transcript.ts';

type Random = (below: number) => number;

const noise = (random: Random, length: number): Buffer<ArrayBuffer> => Buffer.from(Array.from({ length }, () => random(256)));

function answers(random: Random, version: Scenario['version']): Buffer<ArrayBuffer>[] {
  if (version !== '5') return [Buffer.of(0, random(5) === 0 ? 91 + random(4) : 90), noise(random, 6), noise(random, random(20))];
  const method = [0, 0, 2, 2, 2, 0xff][random(6)]!;
  const parts = [Buffer.of(5, method)];
  if (method === 2) parts.push(Buffer.of(1, random(6) === 0 ? random(256) : 0));
  parts.push(Buffer.of(5, random(5) === 0 ? random(10) : 0, 0));
  const address = [
    () => Buffer.concat([Buffer.of(1), noise(random, 4)]),
    () => Buffer.concat([Buffer.of(4), noise(random, 16)]),
    (length = random(256)) => Buffer.concat([Buffer.of(3, length), noise(random, length)]),
  ];
  parts.push(address[random(3)]!(), noise(random, 2), noise(random, random(20)));
  return parts;
}

function broken(parts: Buffer<ArrayBuffer>[], random: Random): Buffer {
  for (let count = random(3); count > 0; count -= 1) {
    const at = random(parts.length);
    const victim = parts[at] ?? Buffer.alloc(0);
    switch (random(5)) {
      case 0:
        if (victim.length > 0) victim[random(victim.length)]! ^= 1 << random(8);
        break;
      case 1:
        parts.splice(at, 1);
        break;
      case 2:
        parts.splice(at, 0, Buffer.from(victim));
        break;
      case 3:
        parts.splice(at, 1, victim.subarray(0, random(victim.length + 1)));
        break;
      default:
        parts.splice(at, 0, noise(random, random(30)));
    }
  }
  const whole = Buffer.concat(parts);
  return random(4) === 0 ? whole.subarray(0, random(whole.length + 1)) : whole;
}

function pieces(bytes: Buffer, random: Random): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random(random(2) === 0 ? 3 : 60);
    cut.push(bytes.subarray(at, at + length));
    at += length;
  }
  return cut;
}

describe('a broken handshake', () => {
  it.each([1, 2, 3, 4])('throws nothing and ends once, however it is cut (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const outcomes = new Map<string, number>();
    for (let round = 0; round < 2_000; round += 1) {
      const version = (['5', '5', '5', '4', '4a'] as const)[random(5)]!;
      const scenario: Scenario = {
        version,
        host: version === '4' ? '192.0.2.1' : 'example.com',
        ...(random(3) > 0 && { credentials: { user: 'u', password: version === '5' ? 'p' : '' } }),
      };
      const bytes = random(10) === 0 ? noise(random, random(400)) : broken(answers(random, version), random);
      const label = `seed ${seed}, round ${round}, SOCKS${version}: ${bytes.toString('hex')}`;

      const open = transcriptOf([bytes], scenario);
      expect(ends(open.events), label).toEqual(open.events.filter((event) => !event.startsWith('send')).slice(0, 1));
      const whole = transcriptOf([bytes], { ...scenario, ended: true });
      expect(ends(whole.events), label).toEqual([whole.events.at(-1)]);
      const cut = transcriptOf(pieces(bytes, random), { ...scenario, ended: true });
      expect({ events: cut.events, tunnel: cut.tunnel }, label).toEqual({ events: whole.events, tunnel: whole.tunnel });

      const outcome = whole.events.at(-1)!.split(' ').slice(0, 2).join(' ');
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // The mutations reach every end, and none all the time.
    for (const outcome of ['established', ...['REFUSED', 'AUTH_REQUIRED', 'PROTOCOL', 'CLOSED'].map((code) => `failed PROXY_${code}`)]) {
      expect(outcomes.get(outcome), outcome).toBeGreaterThan(50);
    }
    expect(outcomes.size).toBe(5);
  });
});

function ends(events: readonly string[]): readonly string[] {
  return events.filter((event) => event === 'established' || event.startsWith('failed'));
}
