/** The steps of making a connection as they are traced, for an exchange that never got one. One that did is told by the connection. */
import type { DialTimings, TraceEvents } from '@x/httpcore';

type Step = Exclude<keyof DialTimings, 'start' | 'end'>;

const steps: Readonly<Partial<Record<keyof TraceEvents, Step>>> = Object.freeze({
  'dns-start': 'dnsStart',
  'dns-end': 'dnsEnd',
  'connect-start': 'connectStart',
  'connect-end': 'connectEnd',
  'proxy-start': 'proxyStart',
  'proxy-end': 'proxyEnd',
  'tls-start': 'tlsStart',
  'tls-end': 'tlsEnd',
});

export class DialSteps {
  readonly #at: Partial<Record<Step, number>> = {};
  #start = NaN;

  static has(name: keyof TraceEvents): boolean {
    return steps[name] !== undefined;
  }

  /** Of several addresses that are tried: from the first that is begun to the first that is there. */
  note(name: keyof TraceEvents, at: number): void {
    const step = steps[name];
    if (step === undefined) return;
    if (Number.isNaN(this.#start)) this.#start = at;
    this.#at[step] ??= at;
  }

  /** As those of a connection. A step that was begun and not ended took until then. */
  until(end: number): DialTimings {
    const at = this.#at;
    const endOf = (begun: number | undefined, ended: number | undefined): number | undefined =>
      begun === undefined ? undefined : (ended ?? end);
    return {
      start: this.#start,
      dnsStart: at.dnsStart,
      dnsEnd: endOf(at.dnsStart, at.dnsEnd),
      connectStart: at.connectStart,
      connectEnd: endOf(at.connectStart, at.connectEnd),
      proxyStart: at.proxyStart,
      proxyEnd: endOf(at.proxyStart, at.proxyEnd),
      tlsStart: at.tlsStart,
      tlsEnd: endOf(at.tlsStart, at.tlsEnd),
      end,
    };
  }
}
