/** The client's side of TLS: one per pool, so that the options are read once and sessions stay with the pool they belong to. */
import { isIP } from 'node:net';
import type { ConnectionOptions, PeerCertificate, SecureContext, SecureContextOptions, TLSSocket } from 'node:tls';

import { LocalProtocolError } from '../contract/errors.ts';
import { dropLater, isOf, textOf, toError } from '../contract/thrown.ts';
import { PinMismatch } from '../contract/pin-mismatch.ts';
import { OriginTable } from '../model/origin-pattern.ts';
import type { Origin } from '../model/origin.ts';
import { toPem } from '../model/pem.ts';
import { findPinsBy, lacksBackup, type FindPins } from '../model/tls-pins.ts';
import type { TlsIdentity, TlsOptions } from '../contract/tls-options.ts';
import { authoritiesOf, defaultAuthorities, processDefaults } from './certificate-authorities.ts';
import { keyLogOf, type KeyLog } from './key-log.ts';
import { nodeTls } from './node-tls.ts';
import { passedOver } from './tls-honesty.ts';
import { PeerChain, type ShownCertificates } from './peer-chain.ts';
import { secureContext } from './secure-contexts.ts';
import { SessionCache, type ResumableSession } from './session-cache.ts';

/** What one handshake needs, and what it reports back. */
export interface TlsHandshake {
  /** The name in SNI; `undefined` for IP addresses, which RFC 6066 §3 keeps out of it. */
  readonly servername: string | undefined;
  /** For `tls.connect`, to be joined with where to connect. */
  readonly options: ConnectionOptions;
  /** The session that `options` ask to resume. */
  readonly resuming: ResumableSession | undefined;
  /** Told of its secrets. */
  readonly onKeyLog: KeyLog | undefined;
  /**
   * The handshake is done: is it with somebody whom we know? The last word, on resumed connections as well. Called from inside `secureConnect`.
   * @throws {PinMismatch}
   */
  admit(socket: TLSSocket): PeerChain;
  /** A session to resume later; only from peers that were verified. */
  onSession(session: ResumableSession): void;
  /** The handshake failed: the session it tried to resume may be why. */
  onFailed(): void;
}

// Read as own properties, one by one: nothing on Object.prototype can bring a certificate or switch the verification off.
const contextOptions = ['ca', 'crl', 'minVersion', 'maxVersion', 'ciphers', 'sigalgs'] as const;
const identityOptions = ['cert', 'key', 'pfx', 'passphrase'] as const;

const nobody: TlsIdentity = Object.freeze({});

export class TlsClient {
  readonly #options: TlsOptions;
  readonly #identities: OriginTable<TlsIdentity | null> | undefined;
  readonly #findPins: FindPins | undefined;
  readonly #keyLog: KeyLog | undefined;
  #sessions = new SessionCache();
  /** By who we are; one, unless there are several by origin. */
  readonly #contexts = new Map<TlsIdentity, SecureContext>();
  /** What the contexts and sessions were made with, where it is not the options that say whom to trust. */
  #defaults: object | undefined;

  /** @throws {LocalProtocolError} `INVALID_OPTION`: a certificate or a key is none. */
  constructor(options: TlsOptions) {
    this.#options = withPem(options);
    const { identities, pins, keylog } = this.#options;
    this.#identities = identities === undefined ? undefined : new OriginTable(identities);
    this.#findPins = findPinsBy(pins);
    this.#keyLog = keyLogOf(keylog);
    if (pins !== undefined) warnOfLoneliness(pins);
  }

  /** Makes what handshakes need, so that what can't be used is told now. @throws as {@link handshake} */
  prepare(): void {
    this.#followDefaults();
    for (const identity of [this.#options, ...Object.values(this.#options.identities ?? {})]) {
      if (identity !== null) this.#contexts.set(identity, this.#createContext(identity));
    }
  }

  /**
   * @param alpnProtocols Offered in the order of preference; empty: no ALPN.
   * @throws {LocalProtocolError} `INVALID_OPTION`: Node does not take the certificate, the key, the ciphers or the versions.
   * @throws {ConnectError} `TLS_FAILED`: `SSL_CERT_FILE` can't be used.
   */
  handshake(origin: Origin, alpnProtocols: readonly string[]): TlsHandshake {
    this.#followDefaults();
    const context = this.#contextFor(origin);
    const sessions = this.#sessions;
    const name = this.#peerName(origin);
    // A session may bring back the protocol that was agreed on with it, whatever is offered.
    const peer = `${origin.text} ${name} ${alpnProtocols.join()}`;
    const resuming = sessions.get(peer);
    // Told with the names that are checked, and asked for in the same turn.
    let verified: ShownCertificates | undefined;
    const options: ConnectionOptions = {
      secureContext: context,
      // Said in so many words, so that neither NODE_TLS_REJECT_UNAUTHORIZED nor a polluted prototype can say otherwise.
      rejectUnauthorized: this.#own('rejectUnauthorized') !== false,
      checkServerIdentity: (_host, certificate) => {
        verified = certificate;
        return this.#checkServerIdentity(name, certificate);
      },
      servername: isIP(name) === 0 ? name : '',
      ...(alpnProtocols.length > 0 && { ALPNProtocols: [...alpnProtocols] }),
      ...(resuming !== undefined && { session: resuming.session }),
    };
    return {
      servername: options.servername === '' ? undefined : name,
      options,
      resuming,
      onKeyLog: this.#keyLog,
      admit: (socket) => {
        const shown = verified ?? (socket.isSessionReused() ? undefined : shownBy(socket));
        verified = undefined;
        return this.#admit(origin, shown, resuming?.chain);
      },
      onSession: (fresh) => sessions.set(peer, fresh),
      onFailed: () => {
        if (resuming !== undefined) sessions.delete(peer);
      },
    };
  }

  /** The name that the peer has to prove: that of this request, else that of the options, else the host. */
  #peerName(origin: Origin): string {
    const name = origin.servername ?? this.#own('servername') ?? origin.host;
    // Neither the root's dot (RFC 6066 §3) nor an IPv6 zone is part of the name that a certificate has.
    return name.replace(/\.$/, '').replace(/%.*$/, '');
  }

  #checkServerIdentity(name: string, certificate: PeerCertificate): Error | undefined {
    const check = this.#own('checkServerIdentity') ?? nodeTls().checkServerIdentity;
    try {
      const refusal: unknown = check(name, certificate);
      if (isOf(Error, refusal)) return refusal;
      if (!refusal) return undefined;
      // Node would end the socket with it, and nobody could read what is no error. An answer that comes later is none.
      dropLater(refusal);
      const what = `tls.checkServerIdentity returned ${textOf(refusal)}: it must return an Error to refuse, else undefined, and at once`;
      return new Error(what, { cause: refusal });
    } catch (thrown) {
      // Called from a socket callback, where a throw would end the process.
      return toError(thrown);
    }
  }

  #admit(origin: Origin, shown: ShownCertificates | undefined, resumed: PeerChain | undefined): PeerChain {
    const chain = shown === undefined && resumed !== undefined ? resumed : new PeerChain(shown ?? {});
    if (this.#findPins === undefined) return chain;
    // Read where none hold, too: another origin may come to use the connection.
    if (shown !== undefined) chain.readPins(shown);
    const pins = this.#findPins(origin);
    const { pins: seen } = chain;
    if (pins === undefined || seen.some((pin) => pins.includes(pin))) return chain;
    const told = seen.length === 0 ? 'it showed none' : `it showed ${seen.join(', ')}`;
    throw new PinMismatch(`TLS with ${origin.text} was given up: none of its keys is pinned (tls.pins); ${told}`, {
      origin: origin.text,
      seen,
    });
  }

  /** Others may have been set for the process: a resumed session would go by those before. */
  #followDefaults(): void {
    const ca = this.#own('ca');
    if (ca !== undefined && !(ca as readonly unknown[]).includes('default')) return;
    const now = processDefaults();
    if (now === this.#defaults) return;
    if (this.#defaults !== undefined) {
      this.#contexts.clear();
      this.#sessions = new SessionCache();
    }
    this.#defaults = now;
  }

  #contextFor(origin: Origin): SecureContext {
    const named = this.#identities?.find(origin);
    const identity = named === undefined ? this.#options : (named ?? nobody);
    let context = this.#contexts.get(identity);
    if (context === undefined) {
      context = this.#createContext(identity);
      this.#contexts.set(identity, context);
    }
    return context;
  }

  #createContext(identity: TlsIdentity): SecureContext {
    const options = Object.create(null) as Record<string, unknown>;
    options['minVersion'] = 'TLSv1.2';
    for (const key of contextOptions) {
      const value = this.#own(key);
      if (value !== undefined)
        options[key] = typeof value === 'object' && key === 'sigalgs' ? (value as readonly string[]).join(':') : value;
    }
    for (const key of identityOptions) {
      if (Object.hasOwn(identity, key) && identity[key] !== undefined) options[key] = identity[key];
    }
    const curves = this.#own('curves');
    if (curves !== undefined) options['ecdhCurve'] = typeof curves === 'string' ? curves : curves.join(':');
    const { ca } = options;
    options['ca'] = ca === undefined ? defaultAuthorities() : authoritiesOf(ca as readonly (string | Uint8Array)[]);
    const ignored = passedOver((name) => this.#own(name) !== undefined, nodeTls().createSecureContext);
    if (ignored !== undefined) {
      throw new LocalProtocolError(
        `The option tls.${ignored} would not be looked at: TLS of this runtime takes such options and refuses nothing by them. Leave it away where the connection may do without it`,
        { code: 'INVALID_OPTION', phase: 'tls' },
      );
    }
    try {
      return secureContext(options);
    } catch (cause) {
      // What OpenSSL says names the problem and never the key.
      throw new LocalProtocolError(`${this.#guilty(options)} not usable: ${(cause as Error).message}`, {
        code: 'INVALID_OPTION',
        phase: 'tls',
        cause,
      });
    }
  }

  /** Which of them Node does not take even by itself. */
  #guilty(options: Record<string, unknown>): string {
    for (const name of ['ca', 'crl', 'cert', 'key', 'pfx', 'sigalgs', 'ecdhCurve', 'ciphers'] as const) {
      if (options[name] === undefined) continue;
      try {
        nodeTls().createSecureContext({ [name]: options[name], passphrase: options['passphrase'] } as SecureContextOptions);
      } catch {
        return `The option tls.${name === 'ecdhCurve' ? 'curves' : name} is`;
      }
    }
    return 'The TLS options are';
  }

  #own<Key extends keyof TlsOptions>(key: Key): TlsOptions[Key] {
    return Object.hasOwn(this.#options, key) ? this.#options[key] : undefined;
  }
}

/** What stands in for the network may know nothing of it. */
function shownBy(socket: TLSSocket): ShownCertificates | undefined {
  const { getPeerCertificate }: Partial<TLSSocket> = socket;
  return getPeerCertificate?.call(socket, true);
}

/** @throws {LocalProtocolError} `INVALID_OPTION` */
function withPem(options: TlsOptions): TlsOptions {
  // Without a prototype, which could say whom to trust.
  const own: { -readonly [Name in keyof TlsOptions]: TlsOptions[Name] } = Object.assign(
    Object.create(null) as TlsOptions,
    options,
    identityInPem(options),
  );
  for (const name of ['ca', 'crl'] as const) {
    const given = own[name];
    if (given !== undefined) own[name] = toPem(name, given);
  }
  if (own.identities !== undefined) {
    const named = Object.entries(own.identities).map(([pattern, identity]) => [
      pattern,
      identity === null ? null : identityInPem(identity),
    ]);
    own.identities = Object.fromEntries(named) as TlsOptions['identities'];
  }
  return own;
}

function identityInPem(identity: TlsIdentity): TlsIdentity {
  const own = Object.create(null) as { -readonly [Name in keyof TlsIdentity]: TlsIdentity[Name] };
  for (const name of identityOptions) {
    const given = Object.hasOwn(identity, name) ? identity[name] : undefined;
    if (given === undefined) continue;
    if (name === 'cert' || name === 'key') own[name] = toPem(name, given);
    else Object.assign(own, { [name]: given });
  }
  return own;
}

const warned = new WeakSet<object>();

function warnOfLoneliness(pins: NonNullable<TlsOptions['pins']>): void {
  if (warned.has(pins) || !lacksBackup(pins)) return;
  warned.add(pins);
  process.emitWarning(
    'tls.pins has a single pin: with the loss of that key the server can not be reached any more. Add the pin of one in reserve',
    {
      type: 'TlsPinWarning',
    },
  );
}
