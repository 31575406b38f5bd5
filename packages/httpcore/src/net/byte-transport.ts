import type { CertificateFacts } from '../contract/trace.ts';

/**
 * What a socket is to a connection: ordered bytes in both directions, and nothing of HTTP.
 *
 * Rules that every implementation keeps, and that the scripted transport of the tests keeps too:
 * - Handler methods are never called from inside a transport method that the handler called (no re-entrancy), and never
 *   before `start`.
 * - `onClosed` is the last call and comes exactly once, after `destroy` as well.
 * - After `destroy` nothing but `onClosed` is called.
 * - Nothing that a handler does can throw out of a socket callback: implementations catch it and destroy the transport.
 */
export interface ByteTransport {
  readonly facts: TransportFacts;
  /** Begins to read. Bytes that arrived before are delivered too. */
  start(handler: TransportHandler): void;
  /**
   * Sends bytes; a string is Latin-1. Returns false when the transport's buffer is over its high-water mark: stop, `onDrain`
   * follows. The bytes of a `Uint8Array` must not change until they have left (`onDrain`, or the next empty buffer).
   */
  write(data: string | Uint8Array): boolean;
  /** Between `cork` and `uncork`, writes are gathered into one. */
  cork(): void;
  uncork(): void;
  /** Stops delivering bytes, soon: what the system has already handed over may still come. */
  pause(): void;
  resume(): void;
  /**
   * Only inside `onBytes`: takes over the memory behind the chunk being delivered, which then is not used again for reading.
   * Returns false where the memory can't be given away: copy then.
   */
  keep(): boolean;
  /** An idle connection must not keep the process alive. */
  ref(): void;
  unref(): void;
  /** Sends what is buffered, then the end of our direction. */
  end(): void;
  /** Drops the connection at once. */
  destroy(): void;
  /**
   * Takes the transport away from its handler, which hears nothing more of it: it is as before `start`, and reads no further. Who calls
   * `start` next is given `rest` first. For what comes before HTTP on the way through a proxy.
   */
  release(rest: Uint8Array): void;
}

/** Who is told what comes from a transport. */
export interface TransportHandler {
  /** `chunk` is only valid during the call, unless `keep()` returned true. */
  onBytes(chunk: Uint8Array): void;
  /** The peer has ended its direction. */
  onEnd(): void;
  /** More can be written. */
  onDrain(): void;
  /** Gone, with the system's error if there was one. */
  onClosed(error: Error | undefined): void;
}

/** What is known of a transport once it is ready. */
export interface TransportFacts {
  /** IP address, or the path of a unix socket. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  /** The protocol that TLS agreed on (ALPN), such as `h2`; `undefined` without one. */
  readonly alpnProtocol: string | undefined;
  readonly tls: TlsFacts | undefined;
}

/** What TLS has agreed on. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
  /** Was an earlier session resumed? */
  readonly resumed: boolean;
  /** The names that the peer's certificate is good for (RFC 6125), for coalescing; asked for lazily. */
  readonly certificateNames: () => readonly string[];
  /** The pins of the keys in its chain (`tls.pins`), for coalescing too. */
  readonly certificatePins?: (() => readonly string[]) | undefined;
  /** What is told of it to people. */
  readonly certificate?: (() => CertificateFacts | undefined) | undefined;
  /** Why the peer is not trusted, where `rejectUnauthorized: false` has let it pass. */
  readonly mistrust?: Error | string | undefined;
  /** As the platform tells it: for those who want a socket. */
  readonly peerCertificate?: ((detailed: boolean) => object | null) | undefined;
  readonly cipherFacts?: { readonly name: string; readonly standardName: string; readonly version: string } | undefined;
}
