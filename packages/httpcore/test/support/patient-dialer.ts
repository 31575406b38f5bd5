import type { Dial, DialedTransport, DialRequest, TransportDialer } from '../../src/dial/dial.ts';
import type { HttpCoreError } from '../../src/contract/errors.ts';
import type { TraceObserver } from '../../src/contract/trace.ts';
import { ScriptedTransport } from '../../src/testing/scripted-transport.ts';

const address = '192.0.2.1';

export interface PatientDial {
  readonly host: string;
  /** What is offered. */
  readonly protocols: readonly string[];
  /** Tells who it is for. */
  readonly trace: TraceObserver;
  /** The name has its address. */
  resolve(): void;
  fail(error: HttpCoreError): void;
  /** The server agrees to what is offered first. */
  connect(): ScriptedTransport;
}

/** Dials go on when the test says so, to one server for `*.example.test`. */
export class PatientDialer implements TransportDialer {
  readonly dials: PatientDial[] = [];
  readonly #now: () => number;
  /** Of the dials of these numbers, as far as they have connected. */
  readonly transports: ScriptedTransport[] = [];

  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  dial({ origin, protocols, onResolved, trace }: DialRequest): Dial<DialedTransport> {
    const number = this.dials.length;
    let cancel!: (error: HttpCoreError) => void;
    const result = new Promise<DialedTransport>((settle, reject) => {
      cancel = reject;
      const none = undefined;
      const connect = (): ScriptedTransport => {
        const tls = { version: 'TLSv1.3', cipher: 'none', resumed: false, certificateNames: () => ['*.example.test'] };
        const transport = new ScriptedTransport({
          facts: { remoteAddress: address, remotePort: origin.port, alpnProtocol: protocols[0]!, tls },
        });
        const steps = {
          dnsStart: none,
          dnsEnd: none,
          connectStart: none,
          connectEnd: none,
          proxyStart: none,
          proxyEnd: none,
          tlsStart: none,
          tlsEnd: none,
        };
        this.transports[number] = transport;
        settle({ transport, timings: { start: this.#now(), end: this.#now(), ...steps } });
        return transport;
      };
      const resolve = (): void => {
        const end = onResolved?.([address]);
        if (end !== undefined) reject(end);
      };
      this.dials.push({ host: origin.host, protocols, trace: trace!, resolve, connect, fail: reject });
    });
    return { result, phase: 'connect', hanging: 'the test has not said go on', cancel };
  }

  isConnected(number: number): boolean {
    return this.transports[number] !== undefined;
  }

  get hosts(): readonly string[] {
    return this.dials.map(({ host }) => host);
  }
}
