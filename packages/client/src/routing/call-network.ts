/** What a call says of its connections: which hops of it that is for. */
import type { NetworkOptions, UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { sameOrigin } from '../request/url/same-origin.ts';

/** How the connection of one request is made, where that differs from the client. */
/** What one call may say of its connections. */
export interface NetworkCallOptions {
  /**
   * How the connection of this call is made, where that is another than the client's way: `tls` (client certificates, authorities, `servername`, `pins`, …, laid
   * over the client's), `localAddress`, `socketPath`, `protocol` (`'http/1.1'` or `'h2'`). Calls that say the same share connections. `tls` and `socketPath` are for
   * the origin that the call begins with: a redirect to another goes without them. With either, the client's cache is left out. `null`: nothing, which is the
   * default. Where the client has somebody else's `dispatcher`, it is handed to that.
   */
  readonly network?: NetworkOptions | null | undefined;
}

const names: OptionNames<NetworkOptions> = Object.freeze({
  tls: undefined,
  localAddress: undefined,
  socketPath: undefined,
  protocol: undefined,
});

/** Programs give the same object again. */
const known = new WeakMap<NetworkOptions, CallNetwork>();

export class CallNetwork {
  readonly #options: NetworkOptions;
  /** What is left of it for other origins. */
  readonly elsewhere: NetworkOptions | undefined;
  /** Does it say who we are, or who is asked? Then the answer is for nobody else. */
  readonly isPersonal: boolean;

  private constructor(options: NetworkOptions) {
    const { localAddress, protocol, tls, socketPath } = options;
    this.#options = options;
    this.elsewhere = localAddress === undefined && protocol === undefined ? undefined : Object.freeze({ localAddress, protocol });
    this.isPersonal = tls !== undefined || socketPath !== undefined;
  }

  /** @throws {InvalidOption} an option is unknown. */
  static of(input: NetworkOptions): CallNetwork {
    if (typeof input !== 'object')
      throw new InvalidOption('network', 'must be an object with tls, localAddress, socketPath or protocol, or null');
    let network = known.get(input);
    if (network === undefined) {
      network = new CallNetwork(Object.freeze(ownOptions(input, names, 'network')));
      known.set(input, network);
    }
    return network;
  }

  /** For a request of a call that began at `home`. */
  towards(url: UrlParts, home: UrlParts): NetworkOptions | undefined {
    return url === home || sameOrigin(url, home) ? this.#options : this.elsewhere;
  }
}

/** What is left of it for another origin than that of the call. */
export function networkElsewhere(input: NetworkOptions | null | undefined): NetworkOptions | null | undefined {
  return input === undefined || input === null ? input : (CallNetwork.of(input).elsewhere ?? null);
}

/** `undefined`: nothing is said. @throws {InvalidOption} */
export function callNetwork(inherited: CallNetwork | undefined, input: NetworkOptions | null | undefined): CallNetwork | undefined {
  if (input === undefined) return inherited;
  return input === null ? undefined : CallNetwork.of(input);
}
