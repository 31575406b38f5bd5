import { Buffer } from 'node:buffer';
import { isIP, type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import type { CipherNameAndProtocol, PeerCertificate } from 'node:tls';

import { clearTimeout, setTimeout } from '../time/platform.ts';
import type { ByteTransport, TlsFacts, TransportFacts } from './byte-transport.ts';
import { failAfterEnd, failWhenRead, isRead } from './late-failure.ts';

type Callback = (error?: Error | null) => void;

/**
 * A transport as a stream, for those who want a socket: beside the bytes it has what is asked of one. When the peer has ended its direction,
 * it ends ours, as sockets do by themselves. What came before a failure is read before it.
 */
export class TransportStream extends Duplex {
  readonly encrypted: boolean;
  /** TLS has verified the peer. One that is not trusted comes with `rejectUnauthorized: false` only. */
  readonly authorized: boolean;
  /** Why it is not trusted; `null`: there is nothing against it. */
  readonly authorizationError: Error | string | null;
  readonly alpnProtocol: string | false;
  readonly connecting = false;
  readonly pending = false;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  /** Milliseconds of silence after which `timeout` is emitted; 0: none. */
  timeout = 0;
  readonly #transport: ByteTransport;
  readonly #tls: TlsFacts | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #onDrained: Callback | undefined;
  #isPaused = false;
  #hasEnded = false;
  /** Set when the transport has gone. */
  #gone: { readonly error: Error | undefined } | undefined;

  constructor(transport: ByteTransport) {
    super({ allowHalfOpen: false });
    const { tls, alpnProtocol, remoteAddress, remotePort, localAddress, localPort }: TransportFacts = transport.facts;
    this.#tls = tls;
    this.encrypted = tls !== undefined;
    this.authorizationError = tls?.mistrust ?? null;
    this.authorized = this.encrypted && this.authorizationError === null;
    this.alpnProtocol = alpnProtocol ?? false;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.localAddress = localAddress;
    this.localPort = localPort;
    this.#transport = transport;
    transport.start({
      onBytes: (chunk) => this.#receive(chunk),
      onEnd: () => this.#ended(),
      onDrain: () => this.#drained(),
      onClosed: (error) => this.#closed(error),
    });
  }

  get remoteFamily(): string | undefined {
    return familyOf(this.remoteAddress);
  }

  get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  address(): AddressInfo | {} {
    const { localAddress: address, localPort: port } = this;
    const family = familyOf(address);
    return address === undefined || port === undefined || family === undefined ? {} : { address, port, family };
  }

  /** Empty without TLS, and of a peer that has shown none. */
  getPeerCertificate(detailed = false): PeerCertificate | {} {
    // `null` once it has closed.
    return this.#tls?.peerCertificate?.(detailed) ?? {};
  }

  /** The version of TLS, such as `TLSv1.3`. */
  getProtocol(): string | null {
    return this.#tls?.version ?? null;
  }

  getCipher(): CipherNameAndProtocol | undefined {
    return this.#tls?.cipherFacts;
  }

  isSessionReused(): boolean {
    return this.#tls?.resumed === true;
  }

  setTimeout(milliseconds: number, listener?: () => void): this {
    this.timeout = milliseconds;
    if (listener !== undefined) {
      if (milliseconds === 0) this.off('timeout', listener);
      else this.once('timeout', listener);
    }
    this.#heard();
    return this;
  }

  /** The transport has it set already. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.#transport.ref();
    return this;
  }

  unref(): this {
    this.#transport.unref();
    return this;
  }

  override _read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#transport.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    if (this.#gone !== undefined) {
      this.#writeToNobody(callback);
      return;
    }
    this.#heard();
    this.bytesWritten += chunk.length;
    // An empty write says nothing, and would not be followed by a drain.
    if (chunk.length === 0 || this.#transport.write(chunk)) callback();
    else this.#onDrained = callback;
  }

  override _final(callback: Callback): void {
    this.#transport.end();
    callback();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#silence);
    this.#transport.destroy();
    const waiting = this.#onDrained;
    this.#onDrained = undefined;
    waiting?.(error);
    callback(error);
  }

  #receive(chunk: Uint8Array): void {
    this.#heard();
    this.bytesRead += chunk.length;
    const own = this.#transport.keep() ? chunk : chunk.slice();
    if (this.push(Buffer.from(own.buffer, own.byteOffset, own.byteLength))) return;
    this.#isPaused = true;
    this.#transport.pause();
  }

  #ended(): void {
    this.#hasEnded = true;
    this.push(null);
  }

  #closed(error: Error | undefined): void {
    clearTimeout(this.#silence);
    this.timeout = 0;
    this.#gone = { error };
    const waiting = this.#onDrained;
    this.#onDrained = undefined;
    if (this.destroyed) return;
    if (this.#hasEnded) failAfterEnd(this, error);
    else failWhenRead(this, error);
    if (waiting !== undefined) this.#writeToNobody(waiting);
  }

  /** The failure is told by what is still to be read. Who only writes is told now. */
  #writeToNobody(callback: Callback): void {
    const { error } = this.#gone!;
    if (this.destroyed || isRead(this)) this.#onDrained = callback;
    else callback(error ?? new Error('The connection is closed'));
  }

  #drained(): void {
    this.#heard();
    const callback = this.#onDrained;
    this.#onDrained = undefined;
    callback?.();
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
    if (this.timeout === 0 || this.destroyed) return;
    this.#silence = setTimeout(() => this.emit('timeout'), this.timeout);
    this.#silence.unref();
  }
}

function familyOf(address: string | undefined): string | undefined {
  const version = isIP(address ?? '');
  return version === 0 ? undefined : `IPv${version}`;
}
