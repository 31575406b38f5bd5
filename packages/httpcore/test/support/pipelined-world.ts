/** A pool that pipelines, on scripted time, whose servers are the test. */
import { expect } from 'vitest';

import type { DispatchContext, ResponseBody } from '../../src/contract/dispatcher.ts';
import type { ByteIterable, HeaderPair, Timeouts } from '../../src/contract/values.ts';
import type { TraceEvents } from '../../src/contract/trace.ts';
import type { PoolOptions } from '../../src/model/pool-options.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { ScriptedTransport } from '../../src/testing/scripted-transport.ts';
import { TransportDispatcher } from '../../src/testing/transport-dispatcher.ts';

export interface CallOptions extends DispatchContext {
  readonly method?: string;
  readonly fields?: readonly HeaderPair[];
  readonly content?: ByteIterable;
  readonly timeouts?: Timeouts;
  /** The body is left to the test. */
  readonly unread?: boolean;
}

export interface Call {
  readonly path: string;
  status: number | undefined;
  text: string | undefined;
  error: { readonly code?: string; readonly name: string } | undefined;
  body: ResponseBody | undefined;
  readonly events: string[];
  readonly interim: number[];
  reused: boolean | undefined;
}

export class World {
  readonly clock: FakeClock = new FakeClock(1_000);
  readonly transports: ScriptedTransport[] = [];
  readonly dispatcher: TransportDispatcher;

  constructor(options: PoolOptions = {}) {
    const { connect: _, ...rest } = options;
    this.dispatcher = new TransportDispatcher({
      clock: this.clock,
      connect: () => (this.transports[this.transports.length] = new ScriptedTransport()),
      timeouts: [null, null, null, null],
      keepAliveTimeout: Infinity,
      maxConnectionAge: Infinity,
      pipelining: 4,
      ...rest,
    });
  }

  call(path: string, { method = 'GET', fields = [], content, timeouts, unread = false, ...context }: CallOptions = {}): Call {
    const call: Call = {
      path,
      status: undefined,
      text: undefined,
      error: undefined,
      body: undefined,
      events: [],
      interim: [],
      reused: undefined,
    };
    const trace = (name: string, at: number, detail: unknown): void => {
      call.events.push(name);
      if (name === 'assigned') call.reused = (detail as TraceEvents['assigned']).reused;
      context.trace?.(name as 'queued', at, detail as undefined);
    };
    const onInformational = (status: number): void => void call.interim.push(status);
    this.dispatcher
      .dispatch(method, ['http', 'a.test', null, path], fields, content ?? null, timeouts, { ...context, trace, onInformational })
      .then(async ([, status, , , body]) => {
        call.status = status;
        call.body = body;
        if (!unread) call.text = Buffer.from(await body.bytes()).toString('latin1');
      })
      .catch((error: unknown) => (call.error = error as Call['error']));
    return call;
  }

  calls(...paths: readonly string[]): Call[] {
    return paths.map((path) => this.call(path));
  }

  async wait(milliseconds = 0): Promise<void> {
    this.clock.advance(milliseconds);
    await this.clock.settle();
  }

  /** A connection that has answered one request and kept itself. */
  async proved(answer: string = text('proved')): Promise<ScriptedTransport> {
    const first = this.call('/proved');
    await this.wait();
    const transport = this.transports.at(-1)!;
    transport.receive(answer);
    await this.wait();
    expect(first).toMatchObject({ status: 200, text: 'proved' });
    transport.takeWritten();
    return transport;
  }

  /** The same, with these requests written to it at once. */
  async outstanding(...paths: readonly string[]): Promise<[ScriptedTransport, ...Call[]]> {
    const transport = await this.proved();
    const calls = this.calls(...paths);
    await this.wait();
    expect(asked(transport)).toEqual(paths);
    return [transport, ...calls];
  }

  /** Answers what is asked, on each connection in its order, until nothing is. */
  async answerAll(from = 0): Promise<void> {
    for (;;) {
      await this.wait();
      let isAny = false;
      for (const transport of this.transports.slice(from)) {
        if (transport.destroyed) continue;
        for (const path of asked(transport)) {
          isAny = true;
          transport.receive(text(path));
        }
      }
      if (!isAny) return;
    }
  }
}

/** The paths of the requests that were written since the last look. */
export function asked(transport: ScriptedTransport): string[] {
  return Array.from(transport.takeWritten().matchAll(/^[A-Z]+ (\S+) HTTP\/1\.1\r$/gm), (match) => match[1]!);
}

export function text(content: string, ...fields: readonly string[]): string {
  return ['HTTP/1.1 200 OK', `Content-Length: ${content.length}`, ...fields, '', content].join('\r\n');
}

export function texts(calls: readonly Call[]): (string | undefined)[] {
  return calls.map((call) => call.text);
}

const worlds: World[] = [];

export function startWorld(options?: PoolOptions): World {
  const world = new World(options);
  worlds.push(world);
  return world;
}

/** Nothing is left of any. */
export async function endWorlds(): Promise<void> {
  for (const world of worlds.splice(0)) {
    const ended = world.dispatcher.destroy();
    for (const transport of world.transports) transport.close();
    await world.wait(3_000);
    await ended;
    expect(world.dispatcher.stats()).toMatchObject({ connections: 0, bufferedBytes: 0, origins: [] });
    expect(world.clock.pending).toBe(0);
    for (const transport of world.transports) expect(transport.handlerError).toBeUndefined();
  }
}
