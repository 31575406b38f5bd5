/** TLS options that change while a pool runs: certificates are renewed, and a process goes on. */
import type { TlsOptions, TlsSource } from '../contract/tls-options.ts';
import { textOf } from '../contract/thrown.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { ownTlsOptions } from '../model/own-tls-options.ts';
import { TlsClient } from './tls.ts';

export interface TlsInUse {
  readonly options: TlsOptions;
  readonly client: TlsClient;
}

/** What holds now. Options that can not be used never come to hold: a file that is half written is no reason to stop. */
export class LiveTls {
  readonly #source: TlsSource | null;
  #given: unknown = undefined;
  #key: string | undefined = undefined;
  #told = '';
  #isAsking = false;
  inUse: TlsInUse;

  /** @throws {LocalProtocolError} `INVALID_OPTION`: a certificate or a key is none. */
  constructor(options: TlsOptions, source: TlsSource | null) {
    this.#source = source;
    if (source !== null) this.#key = fingerprint(options);
    this.inUse = { options, client: new TlsClient(options) };
  }

  /** Asks the source. Does something else hold from now on? */
  review(): boolean {
    // A source may make requests.
    if (this.#isAsking) return false;
    this.#isAsking = true;
    try {
      const given = this.#source?.();
      if (given === undefined || given === this.#given) return false;
      const options = ownTlsOptions(given);
      const key = fingerprint(options);
      if (key !== this.#key) {
        const client = new TlsClient(options);
        client.prepare();
        this.inUse = { options, client };
      }
      this.#given = given;
      const isOther = key !== this.#key;
      this.#key = key;
      this.#told = '';
      return isOther;
    } catch (error) {
      this.#warn(error);
      return false;
    } finally {
      this.#isAsking = false;
    }
  }

  /** Once for each thing that is wrong, until it is right. */
  #warn(error: unknown): void {
    const message = textOf(error);
    if (message === this.#told) return;
    this.#told = message;
    process.emitWarning(`The TLS options could not be read anew, and those before are still used: ${message}`, {
      type: 'TlsReloadWarning',
    });
  }
}
