/** HTTP_1_1_REQUIRED (RFC 9113 §7) while other connections to the same server carry requests, or are being made. */
import { describe, expect, it } from 'vitest';

import { headers, reset, settings } from '../../test/support/http2/frame-factory.ts';
import { FrameLog } from '../../test/support/http2/frame-log.ts';
import { PatientDialer } from '../../test/support/patient-dialer.ts';
import type { Timeouts } from '../contract/values.ts';
import { HttpDialer } from '../dial/dialer.ts';
import { PoolClosed } from '../contract/errors.ts';
import { resolvePoolOptions, type PoolOptions } from '../model/pool-options.ts';
import { ErrorCode, Setting } from '../protocol/http2/constants.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import type { ScriptedTransport } from '../testing/scripted-transport.ts';
import { Pool } from './pool.ts';

class World {
  readonly clock = new FakeClock(1_000);
  readonly dialer = new PatientDialer();
  readonly outcomes: string[] = [];
  readonly pool: Pool;

  constructor(options: PoolOptions = {}) {
    const resolved = resolvePoolOptions(options);
    this.pool = new Pool(resolved, new HttpDialer(this.dialer, resolved, this.clock), this.clock);
  }

  get(target: string, timeouts: Timeouts = [null, null, null, null]): void {
    this.pool.submit('GET', ['https', 'a.example.test', null, target], [], null, timeouts, undefined).then(
      ([version, status, , , body]) => {
        this.outcomes.push(`${target} ${version} ${status}`);
        void body.bytes();
      },
      (error: unknown) => this.outcomes.push(`${target} ${(error as { readonly code: string }).code}`),
    );
  }

  async connect(number: number): Promise<ScriptedTransport> {
    const transport = this.dialer.dials[number]!.connect();
    await this.clock.settle();
    return transport;
  }

  async receive(transport: ScriptedTransport, ...frames: readonly Uint8Array[]): Promise<void> {
    transport.receive(Buffer.concat(frames));
    await this.clock.settle();
  }

  get offers(): readonly string[] {
    return this.dialer.dials.map(({ protocols }) => protocols.join());
  }

  async end(): Promise<void> {
    const closed = this.pool.destroy(new PoolClosed('The test is over'));
    await this.clock.settle();
    await closed;
    expect(this.pool.stats()).toMatchObject({ connections: 0, connecting: 0, active: 0, queued: 0, origins: [] });
  }
}

const oneStream = settings([Setting.MAX_CONCURRENT_STREAMS, 1]);
const refusal = reset(1, ErrorCode.HTTP_1_1_REQUIRED);
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

function framesTo({ writes }: ScriptedTransport): readonly string[] {
  const log = new FrameLog();
  for (const write of writes) log.add(write);
  return log.take().map((line) => line.split(' ')[0]!);
}

describe('a server that wants HTTP/1.1', () => {
  it('is not used over the HTTP/2 connection that was being made to it: what that was for is dialled for again', async () => {
    const world = new World();
    world.get('/1');
    const first = await world.connect(0);
    await world.receive(first, oneStream);
    world.get('/2');
    await world.receive(first, refusal);
    // One for each, since they can't share one; the second is under way, and may agree on HTTP/1.1 as well.
    expect(world.offers).toEqual(['h2,http/1.1', 'h2,http/1.1', 'http/1.1']);
    const second = await world.connect(1);
    expect(framesTo(second)).toEqual(['PREFACE', 'SETTINGS', 'WINDOW_UPDATE', 'GOAWAY']);
    expect(second.ended).toBe(true);
    expect(world.offers).toEqual(['h2,http/1.1', 'h2,http/1.1', 'http/1.1', 'http/1.1']);
    expect(world.pool.stats()).toMatchObject({ connections: 0, connecting: 2, active: 0, queued: 2, opened: 2 });
    const [third, fourth] = [await world.connect(2), await world.connect(3)];
    await world.receive(third, Buffer.from(ok));
    await world.receive(fourth, Buffer.from(ok));
    expect(world.outcomes.toSorted()).toEqual(['/1 1.1 200', '/2 1.1 200']);
    // It is known from now on.
    world.get('/3');
    expect(world.dialer.dials).toHaveLength(4);
    await world.end();
  });

  it('keeps to the limit on connections; who has waited longest gets the slot that comes free, and the others wait no longer than they may', async () => {
    const world = new World({ maxConnections: 2 });
    world.get('/1');
    const first = await world.connect(0);
    await world.receive(first, oneStream);
    world.get('/2', [null, null, null, 50]);
    // Another origin stands in line for the slot that comes free, behind both.
    world.pool.submit('GET', ['https', 'b.example.test', null, '/'], [], null, [null, null, 1_000, 40], undefined).catch(() => {});
    await world.receive(first, refusal);
    await world.connect(1);
    expect(world.dialer.hosts).toEqual(['a.example.test', 'a.example.test', 'a.example.test', 'a.example.test']);
    expect(world.pool.room).toBe(0);
    world.clock.advance(50);
    await world.clock.settle();
    expect(world.pool.stats()).toMatchObject({ queued: 2 });
    await world.end();
    expect(world.pool.room).toBe(2);
  });

  it('has its other HTTP/2 connections closed, as soon as what they carry has ended', async () => {
    const world = new World();
    world.get('/1');
    const first = await world.connect(0);
    await world.receive(first, oneStream);
    world.get('/2');
    const second = await world.connect(1);
    await world.receive(second, oneStream);
    await world.receive(first, refusal);
    expect(framesTo(second).at(-1)).toBe('GOAWAY');
    expect(second.ended).toBe(false);
    await world.receive(second, headers(1, [[':status', '200']], { endStream: true }));
    expect(second.ended).toBe(true);
    expect(world.outcomes).toEqual(['/2 2 200']);
    expect(world.offers).toEqual(['h2,http/1.1', 'h2,http/1.1', 'http/1.1']);
    await world.end();
  });
});
