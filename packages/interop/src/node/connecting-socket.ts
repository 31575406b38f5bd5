/**
 * A connection that is still being made, as the socket that `node:http` wants at once: agents count it, limits in time hold for it, and who destroys it
 * ends the connecting.
 */
import { isIP, type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from 'node:timers';
import type { CipherNameAndProtocol, PeerCertificate } from 'node:tls';
import { failWhenRead } from '../carrier/late-failure.ts';

/** What a connector hands out: at least a stream. */
export interface ConnectedSocket extends Duplex {
  readonly authorized?: boolean;
  readonly authorizationError?: Error | string | null;
  readonly alpnProtocol?: string | false;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly remoteFamily?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  address?(): AddressInfo | {};
  getPeerCertificate?(detailed?: boolean): PeerCertificate | {};
  getProtocol?(): string | null;
  getCipher?(): CipherNameAndProtocol | undefined;
  isSessionReused?(): boolean;
  setTimeout?(milliseconds: number): unknown;
  ref?(): unknown;
  unref?(): unknown;
}

type Callback = (error?: Error | null) => void;

export class ConnectingSocket extends Duplex {
  readonly encrypted: boolean;
  readonly servername: string | undefined;
  connecting = true;
  /** Milliseconds of silence after which `timeout` is emitted; 0: none. */
  timeout = 0;
  readonly #controller = new AbortController();
  #connected: ConnectedSocket | undefined;
  /** What waits for the connection: the first write, or the end. */
  #begin: (() => void) | undefined;
  #silence: NodeJS.Timeout | undefined;
  #lookup: NodeJS.Immediate | undefined;
  #isReferenced = true;

  /** `connect` fails as `node:http` is to be told. */
  constructor(host: string, servername: string | undefined, isSecure: boolean, connect: (signal: AbortSignal) => Promise<ConnectedSocket>) {
    super({ allowHalfOpen: false });
    this.encrypted = isSecure;
    this.servername = servername;
    // Part of connecting here. Whoever limits the look-up by its event would otherwise have it last until there is a connection.
    if (isIP(host) === 0) this.#lookup = setImmediate(() => this.#lookedUp(host));
    void this.#connect(host, connect);
  }

  get pending(): boolean {
    return this.connecting;
  }

  get authorized(): boolean {
    return this.#connected?.authorized === true;
  }

  get authorizationError(): Error | string | null {
    return this.#connected?.authorizationError ?? null;
  }

  get alpnProtocol(): string | false | null {
    return this.#connected?.alpnProtocol ?? (this.encrypted ? false : null);
  }

  get remoteAddress(): string | undefined {
    return this.#connected?.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#connected?.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#connected?.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#connected?.localAddress;
  }

  get localPort(): number | undefined {
    return this.#connected?.localPort;
  }

  get bytesRead(): number {
    return this.#connected?.bytesRead ?? 0;
  }

  get bytesWritten(): number {
    return this.#connected?.bytesWritten ?? 0;
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  address(): AddressInfo | {} {
    return this.#connected?.address?.() ?? {};
  }

  getPeerCertificate(detailed = false): PeerCertificate | {} {
    return this.#connected?.getPeerCertificate?.(detailed) ?? {};
  }

  getProtocol(): string | null {
    return this.#connected?.getProtocol?.() ?? null;
  }

  getCipher(): CipherNameAndProtocol | undefined {
    return this.#connected?.getCipher?.();
  }

  isSessionReused(): boolean {
    return this.#connected?.isSessionReused?.() === true;
  }

  setTimeout(milliseconds: number, listener?: () => void): this {
    this.timeout = milliseconds;
    if (listener !== undefined) {
      if (milliseconds === 0) this.off('timeout', listener);
      else this.once('timeout', listener);
    }
    clearTimeout(this.#silence);
    if (this.#connected !== undefined) this.#connected.setTimeout?.(milliseconds);
    else if (milliseconds > 0) this.#silence = setTimeout(() => this.emit('timeout'), milliseconds).unref();
    return this;
  }

  /** The client has it set already. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.#isReferenced = true;
    this.#connected?.ref?.();
    return this;
  }

  unref(): this {
    this.#isReferenced = false;
    this.#connected?.unref?.();
    return this;
  }

  override _read(): void {
    this.#connected?.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: Callback): void {
    const written: Callback = (error) => this.#written(error, callback);
    if (this.#connected === undefined) this.#begin = () => this.#connected!.write(chunk, encoding, written);
    else this.#connected.write(chunk, encoding, written);
  }

  override _final(callback: Callback): void {
    if (this.#connected === undefined) this.#begin = () => this.#finish(callback);
    else this.#finish(callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.connecting = false;
    this.#begin = undefined;
    clearTimeout(this.#silence);
    clearImmediate(this.#lookup);
    this.#controller.abort();
    this.#connected?.destroy();
    callback(error);
  }

  async #connect(host: string, connect: (signal: AbortSignal) => Promise<ConnectedSocket>): Promise<void> {
    try {
      const socket = await connect(this.#controller.signal);
      if (this.destroyed) socket.on('error', () => {}).destroy();
      else this.#over(socket, host);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #over(socket: ConnectedSocket, host: string): void {
    this.#connected = socket;
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.once('end', () => this.push(null));
    socket.on('error', (error) => failWhenRead(this, error));
    socket.once('close', () => this.#closed(socket));
    socket.on('timeout', () => this.emit('timeout'));
    clearTimeout(this.#silence);
    if (this.timeout > 0) socket.setTimeout?.(this.timeout);
    if (!this.#isReferenced) socket.unref?.();
    if (this.#lookup !== undefined) this.#lookedUp(host);
    this.connecting = false;
    this.emit('connect');
    if (this.encrypted) this.emit('secureConnect');
    this.emit('ready');
    const begin = this.#begin;
    this.#begin = undefined;
    begin?.();
  }

  /** The connection has failed, and says so itself. What it has brought is read first. */
  #written(error: Error | null | undefined, callback: Callback): void {
    if (!error || this.readableLength === 0) callback(error);
  }

  /** When the peer has ended, it has ended by itself. */
  #finish(callback: Callback): void {
    const socket = this.#connected!;
    if (socket.writableEnded) callback();
    else socket.end(() => callback());
  }

  /** What it has sent is read first. */
  #closed(socket: ConnectedSocket): void {
    if (!socket.readableEnded) failWhenRead(this);
    else if (!this.writableFinished) this.end();
  }

  #lookedUp(host: string): void {
    clearImmediate(this.#lookup);
    this.#lookup = undefined;
    if (!this.destroyed) this.emit('lookup', null, undefined, undefined, host);
  }
}
