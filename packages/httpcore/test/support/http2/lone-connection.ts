/** A connection alone: its owner, and the owner of its exchanges, are the test. */
import { Buffer } from 'node:buffer';

import { expect } from 'vitest';

import type { Connection, ConnectionOwner } from '../../../src/connection/connection.ts';
import type { ExchangeOwner } from '../../../src/exchange/parties.ts';
import { Exchange } from '../../../src/exchange/exchange.ts';
import { Http2Connection } from '../../../src/connection/http2-connection.ts';
import type { Http2ConnectionOptions } from '../../../src/connection/http2-options.ts';
import { BodyMemory } from '../../../src/exchange/body-memory.ts';
import type { ByteIterable } from '../../../src/contract/dispatcher.ts';
import { HttpCoreError, PoolTimeout } from '../../../src/contract/errors.ts';
import { parseOrigin } from '../../../src/model/origin.ts';
import { requestFraming } from '../../../src/model/request-framing.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { ScriptedTransport } from '../../../src/testing/scripted-transport.ts';
import { settings, settingsAcknowledgement } from './frame-factory.ts';
import { FrameLog } from './frame-log.ts';

export class LoneConnection implements ConnectionOwner, ExchangeOwner<Exchange> {
  readonly forwarding = null;
  readonly clock: FakeClock = new FakeClock(1_000);
  readonly memory: BodyMemory = new BodyMemory(Infinity, () => this.clock.now());
  readonly transport: ScriptedTransport = new ScriptedTransport();
  readonly connection: Http2Connection;
  readonly events: string[] = [];
  readonly replayed: Exchange[] = [];
  onHttp1Required?: (connection: Connection, exchange: Exchange | null) => boolean;

  /** @param fallsBack what the owner answers to `onHttp1Required`; `undefined`: it has no such method. */
  constructor(fallsBack: boolean | undefined, options: Partial<Http2ConnectionOptions> = {}) {
    if (fallsBack !== undefined) {
      this.onHttp1Required = (connection, exchange) => {
        expect(connection).toBe(this.connection);
        this.events.push(`required ${exchange === null ? 'everywhere' : exchange.target}`);
        return fallsBack;
      };
    }
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
    const info = {
      id: 1,
      protocol: 'h2',
      remoteAddress: none,
      remotePort: none,
      localAddress: none,
      localPort: none,
      tlsVersion: none,
      tlsCipher: none,
      tlsResumed: false,
      proxy: undefined,
      timings,
    } as const;
    const limits = { maxHeaderBytes: 65_536, maxHeaderFields: 256, expectContinueTimeout: 1_000, memory: this.memory };
    this.connection = new Http2Connection(this.transport, info, this, this.clock, { ...limits, ...options });
    this.transport.receive(Buffer.concat([settings(), settingsAcknowledgement()]));
    this.events.length = 0;
  }

  start(target: string, method = 'GET', body: ByteIterable | null = null): Exchange {
    const origin = parseOrigin('https', 'server.test', null, undefined);
    const noLimits = [null, null, null, null] as const;
    const now = this.clock.now();
    const exchange = new Exchange(
      this,
      origin,
      method,
      target,
      [],
      body,
      requestFraming(method, [], body, false),
      noLimits,
      undefined,
      now,
    );
    exchange.response.then(
      ([, status]) => this.events.push(`${target} ${status}`),
      (error: unknown) => {
        if (!(error instanceof HttpCoreError)) throw error;
        this.events.push(`${target} ${error.code}`);
      },
    );
    this.connection.start(exchange, now);
    return exchange;
  }

  sent(): string[] {
    const log = new FrameLog();
    for (const bytes of this.transport.writes) log.add(bytes);
    return log.take();
  }

  onCapacity(connection: Connection): void {
    if (connection.noNewExchanges) this.events.push('offered again');
  }

  onClosed(): void {
    this.events.push('closed');
  }

  onDeadline(): void {}

  onCancelled(): void {}

  onReplay(exchange: Exchange): void {
    expect(this.connection.capacity).toBe(0);
    this.replayed.push(exchange);
    this.events.push(`replay ${exchange.target}`);
  }

  onMisdirected(): boolean {
    return false;
  }

  readonly callsForRequests = false;

  phaseOf(): 'pool' {
    return 'pool';
  }

  explainTimeout(): PoolTimeout {
    return new PoolTimeout('There is no pool');
  }
}
