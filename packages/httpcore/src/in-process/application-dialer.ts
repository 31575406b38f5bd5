import type { Connection, ConnectionOwner } from '../connection/connection.ts';
import { BodyMemory } from '../exchange/body-memory.ts';
import { instantTimings, type Dial, type Dialer } from '../dial/dial.ts';
import { nextConnectionId } from '../dial/dialer.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import type { Clock } from '../time/clock.ts';
import { ApplicationConnection, type Answering } from './application-connection.ts';

/** Leads every origin to one application. */
export class ApplicationDialer implements Dialer {
  /** An application is not asked for more than is taken. */
  readonly memory: BodyMemory = new BodyMemory(Infinity, () => 0);
  readonly #answer: Answering;
  readonly #clock: Clock;

  constructor(answer: Answering, clock: Clock) {
    this.#answer = answer;
    this.#clock = clock;
  }

  dial(_request: unknown, owner: ConnectionOwner): Dial<Connection> {
    const info: ConnectionInfo = Object.freeze({
      id: nextConnectionId(),
      protocol: 'http/1.1',
      remoteAddress: undefined,
      remotePort: undefined,
      localAddress: undefined,
      localPort: undefined,
      tlsVersion: undefined,
      tlsCipher: undefined,
      tlsResumed: false,
      proxy: undefined,
      timings: instantTimings(this.#clock.now()),
    });
    const connection = new ApplicationConnection(info, this.#answer, owner, this.#clock);
    // There is nothing to give up: a connection that nobody waits for any more is dropped by its owner.
    return { result: Promise.resolve(connection), phase: 'connect', hanging: 'nothing was tried', cancel() {} };
  }
}
