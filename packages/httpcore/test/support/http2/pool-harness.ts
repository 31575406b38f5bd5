/**
 * A pool that speaks HTTP/2 by prior knowledge, on time that stands still, to servers that are the test.
 *
 *     const world = startWorld();
 *     const call = world.call('/');
 *     const server = await world.server(0);          // the first connection, its preface sent
 *     server.receive(settings(), headers(1, [[':status', '204']], { endStream: true }));
 *     await world.clock.settle();
 *     call.outcome();                                 // '204 ""'
 */
import { Buffer } from 'node:buffer';

import type { ByteIterable, DispatchContext, HeaderPair, ResponseBody, Timeouts } from '../../../src/contract/dispatcher.ts';
import type { Dial, DialedTransport, TransportDialer } from '../../../src/dial/dial.ts';
import { HttpDialer } from '../../../src/dial/dialer.ts';
import { HttpCoreError, PoolClosed } from '../../../src/contract/errors.ts';
import { resolvePoolOptions, type PoolOptions } from '../../../src/model/pool-options.ts';
import { Pool } from '../../../src/pool/pool.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { ScriptedTransport, type ScriptedTransportOptions } from '../../../src/testing/scripted-transport.ts';
import { settings, settingsAcknowledgement, type SettingEntry } from './frame-factory.ts';
import { FrameLog } from './frame-log.ts';

export class ScriptedServer {
  readonly transport: ScriptedTransport;
  readonly #log = new FrameLog();
  #seen = 0;

  constructor(options: ScriptedTransportOptions) {
    this.transport = new ScriptedTransport(options);
  }

  /** Sends frames, in one chunk. */
  receive(...frames: readonly Uint8Array[]): void {
    this.transport.receive(Buffer.concat(frames));
  }

  /** What the client has sent since the last call. */
  sent(): string[] {
    const { writes } = this.transport;
    for (; this.#seen < writes.length; this.#seen += 1) this.#log.add(writes[this.#seen]!);
    return this.#log.take();
  }
}

export interface CallOptions {
  /** Default: `server.test`. */
  readonly host?: string;
  readonly method?: string;
  readonly headers?: readonly HeaderPair[];
  readonly body?: ByteIterable | null;
  readonly timeouts?: Timeouts;
  readonly context?: DispatchContext;
  /** Leaves the body alone; it is in `body`. Default: it is read to its end. */
  readonly unread?: boolean;
}

const noLimits: Timeouts = [null, null, null, null];

/** One request and what has become of it. */
export class Call {
  status: number | undefined;
  headers: readonly HeaderPair[] = [];
  body: ResponseBody | undefined;
  text: string | undefined;
  error: HttpCoreError | undefined;
  readonly finished: Promise<void>;

  constructor(pool: Pool, target: string, options: CallOptions) {
    this.finished = this.#run(pool, target, options).catch((error: unknown) => {
      if (!(error instanceof HttpCoreError)) throw error;
      this.error = error;
    });
  }

  /** `running`, `200 "text"` or the code of the error. */
  outcome(): string {
    if (this.error !== undefined) return this.error.code;
    return this.text === undefined ? 'running' : `${this.status} ${JSON.stringify(this.text)}`;
  }

  async #run(pool: Pool, target: string, options: CallOptions): Promise<void> {
    const { host = 'server.test', method = 'GET', headers = [], body = null, timeouts = noLimits, context, unread = false } = options;
    const [, status, , responseHeaders, responseBody] = await pool.submit(
      method,
      ['http', host, null, target],
      headers,
      body,
      timeouts,
      context,
    );
    this.status = status;
    this.headers = responseHeaders;
    this.body = responseBody;
    if (!unread) this.text = Buffer.from(await responseBody.bytes()).toString('latin1');
  }
}

export function outcomes(calls: readonly Call[]): string[] {
  return calls.map((call) => call.outcome());
}

export class PoolHarness implements TransportDialer {
  readonly clock: FakeClock = new FakeClock(1_000);
  readonly servers: ScriptedServer[] = [];
  readonly pool: Pool;
  readonly #transportOptions: ScriptedTransportOptions;

  constructor(options: PoolOptions = {}, transportOptions: ScriptedTransportOptions = {}) {
    const resolved = resolvePoolOptions({ http1: false, ...options });
    this.#transportOptions = transportOptions;
    this.pool = new Pool(resolved, new HttpDialer(this, resolved, this.clock), this.clock);
  }

  dial(): Dial<DialedTransport> {
    const server = new ScriptedServer(this.#transportOptions);
    this.servers.push(server);
    const at = this.clock.now();
    const none = undefined;
    const timings = {
      start: at,
      dnsStart: none,
      dnsEnd: none,
      connectStart: at,
      connectEnd: at,
      proxyStart: none,
      proxyEnd: none,
      tlsStart: none,
      tlsEnd: none,
      end: at,
    };
    return {
      result: Promise.resolve({ transport: server.transport, timings }),
      phase: 'connect',
      hanging: 'nothing was tried',
      cancel: () => {},
    };
  }

  call(target: string, options: CallOptions = {}): Call {
    return new Call(this.pool, target, options);
  }

  /** The server at the other end of the connection of this number, once there is one and all that was to be sent to it was. */
  async server(number = 0): Promise<ScriptedServer> {
    await this.clock.settle();
    const server = this.servers[number];
    if (server === undefined) throw new Error(`There are ${this.servers.length} connections`);
    return server;
  }
}

let worlds: PoolHarness[] = [];

/** A world that {@link endWorlds} ends. */
export function startWorld(...options: ConstructorParameters<typeof PoolHarness>): PoolHarness {
  const world = new PoolHarness(...options);
  worlds.push(world);
  return world;
}

/** A world whose first connection has exchanged SETTINGS and carries a stream for each target. */
export async function startConnected(
  targets: readonly string[],
  ...entries: readonly SettingEntry[]
): Promise<{ readonly made: PoolHarness; readonly server: ScriptedServer; readonly calls: Call[] }> {
  const made = startWorld();
  const calls = targets.map((target) => made.call(target));
  const server = await made.server();
  server.receive(settings(...entries), settingsAcknowledgement());
  await made.clock.settle();
  server.sent();
  return { made, server, calls };
}

/** For `afterEach`. @throws {Error} when something was thrown out of a transport's callback, or left behind. */
export async function endWorlds(): Promise<void> {
  const ended = worlds;
  worlds = [];
  for (const { pool, servers, clock } of ended) {
    const closed = pool.destroy(new PoolClosed('The test is over'));
    for (const { transport } of servers) transport.close();
    await clock.settle();
    await closed;
    for (const { transport } of servers) if (transport.handlerError !== undefined) throw transport.handlerError as Error;
    if (clock.pending !== 0) throw new Error(`${clock.pending} timers were left behind`);
  }
}
