/** The client's side of TLS: one per pool, so that the options are read once and sessions stay with the pool they belong to. */
import { isIP } from 'node:net';
import type { ConnectionOptions, PeerCertificate, SecureContext, SecureContextOptions } from 'node:tls';

import { LocalProtocolError } from '../contract/errors.ts';
import type { Origin } from '../model/origin.ts';
import { toPem } from '../model/pem.ts';
import type { TlsOptions } from '../model/tls-options.ts';
import { defaultAuthorities } from './certificate-authorities.ts';
import { nodeTls } from './node-tls.ts';
import { SessionCache, type ResumableSession } from './session-cache.ts';

/** What one handshake needs, and what it reports back. */
export interface TlsHandshake {
  /** The name in SNI; `undefined` for IP addresses, which RFC 6066 §3 keeps out of it. */
  readonly servername: string | undefined;
  /** For `tls.connect`, to be joined with where to connect. */
  readonly options: ConnectionOptions;
  /** The session that `options` ask to resume. */
  readonly resuming: ResumableSession | undefined;
  /** A session to resume later; only from peers that were verified. */
  onSession(session: ResumableSession): void;
  /** The handshake failed: the session it tried to resume may be why. */
  onFailed(): void;
}

// Read as own properties, one by one: nothing on Object.prototype can bring a certificate or switch the verification off.
const contextOptions = ['ca', 'cert', 'key', 'passphrase', 'minVersion', 'maxVersion', 'ciphers'] as const;

export class TlsClient {
  readonly #options: TlsOptions;
  readonly #sessions = new SessionCache();
  #context: SecureContext | undefined;

  constructor(options: TlsOptions) {
    this.#options = withPem(options);
  }

  /**
   * @param alpnProtocols Offered in the order of preference; empty: no ALPN.
   * @throws {LocalProtocolError} `INVALID_OPTION`: Node does not take the certificate, the key, the ciphers or the versions.
   * @throws {ConnectError} `TLS_FAILED`: `SSL_CERT_FILE` can't be used.
   */
  handshake(origin: Origin, alpnProtocols: readonly string[]): TlsHandshake {
    this.#context ??= this.#createContext();
    const name = this.#peerName(origin);
    // A session may bring back the protocol that was agreed on with it, whatever is offered.
    const peer = `${origin.text} ${name} ${alpnProtocols.join()}`;
    const resuming = this.#sessions.get(peer);
    const options: ConnectionOptions = {
      secureContext: this.#context,
      // Said in so many words, so that neither NODE_TLS_REJECT_UNAUTHORIZED nor a polluted prototype can say otherwise.
      rejectUnauthorized: this.#own('rejectUnauthorized') !== false,
      checkServerIdentity: (_host, certificate) => this.#checkServerIdentity(name, certificate),
      servername: isIP(name) === 0 ? name : '',
      ...(alpnProtocols.length > 0 && { ALPNProtocols: [...alpnProtocols] }),
      ...(resuming !== undefined && { session: resuming.session }),
    };
    return {
      servername: options.servername === '' ? undefined : name,
      options,
      resuming,
      onSession: (fresh) => this.#sessions.set(peer, fresh),
      onFailed: () => {
        if (resuming !== undefined) this.#sessions.delete(peer);
      },
    };
  }

  /** The name that the peer has to prove: the caller's for this request, else the pool's, else the host. */
  #peerName(origin: Origin): string {
    const name = origin.servername === origin.host ? (this.#own('servername') ?? origin.host) : origin.servername;
    // Neither the root's dot (RFC 6066 §3) nor an IPv6 zone is part of the name that a certificate has.
    return name.replace(/\.$/, '').replace(/%.*$/, '');
  }

  #checkServerIdentity(name: string, certificate: PeerCertificate): Error | undefined {
    const check = this.#own('checkServerIdentity') ?? nodeTls().checkServerIdentity;
    try {
      return check(name, certificate);
    } catch (thrown) {
      // Called from a socket callback, where a throw would end the process.
      return thrown instanceof Error ? thrown : new Error(String(thrown));
    }
  }

  #createContext(): SecureContext {
    const options = Object.create(null) as Record<string, unknown>;
    options['minVersion'] = 'TLSv1.2';
    for (const key of contextOptions) {
      const value = this.#own(key);
      if (value !== undefined) options[key] = value;
    }
    options['ca'] ??= defaultAuthorities();
    try {
      return nodeTls().createSecureContext(options);
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
    for (const name of ['ca', 'cert', 'key'] as const) {
      if (options[name] === undefined) continue;
      try {
        nodeTls().createSecureContext({ [name]: options[name], passphrase: options['passphrase'] } as SecureContextOptions);
      } catch {
        return `The option tls.${name} is`;
      }
    }
    return 'The TLS options are';
  }

  #own<Key extends keyof TlsOptions>(key: Key): TlsOptions[Key] {
    return Object.hasOwn(this.#options, key) ? this.#options[key] : undefined;
  }
}

/** @throws {LocalProtocolError} `INVALID_OPTION` */
function withPem(options: TlsOptions): TlsOptions {
  const own: { -readonly [Name in keyof TlsOptions]: TlsOptions[Name] } = { ...options };
  for (const name of ['ca', 'cert', 'key'] as const) {
    const given = own[name];
    if (given !== undefined) own[name] = toPem(name, given);
  }
  return own;
}
