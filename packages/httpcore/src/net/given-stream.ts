/** A stream that somebody else has opened, as a transport. It may be of any make: nothing is taken for granted but what is looked at here. */
import { Socket } from 'node:net';
import { toError } from '../contract/thrown.ts';
import { Duplex } from 'node:stream';

import { clearTimeout, setTimeout } from '../time/platform.ts';
import type { TransportFacts } from './byte-transport.ts';
import { SocketTransport, writeHighWaterMark } from './socket-transport.ts';
import { outliveWrites } from './write-failure.ts';

/** What every stream of bytes has had, since there are streams. */
interface OldStream {
  on(event: string, listener: (value: never) => void): unknown;
  write(chunk: Uint8Array): unknown;
  end(): unknown;
}

/** What most have. */
type GivenFacts = Partial<
  Readonly<
    Record<'readableObjectMode' | 'writableObjectMode' | 'destroyed' | 'readableEnded' | 'writableEnded' | 'readable' | 'writable', unknown>
  > & {
    readonly readableEncoding: unknown;
    readonly remoteAddress: unknown;
    readonly remotePort: unknown;
    readonly localAddress: unknown;
    readonly localPort: unknown;
    pause(): unknown;
    resume(): unknown;
    destroy(): unknown;
    ref(): unknown;
    unref(): unknown;
  }
>;
type Given = OldStream & GivenFacts;

/** Why it can't be a connection, as a sentence goes on about it; `undefined` when it can. */
export function unusableStream(value: unknown): string | undefined {
  if (!isStream(value)) return 'is no stream: it must be a Duplex, such as a net.Socket';
  if (value.readableObjectMode === true || value.writableObjectMode === true) return 'is in object mode: it must carry bytes';
  if (value.readableEncoding !== undefined && value.readableEncoding !== null) return 'gives text: leave setEncoding() away';
  return undefined;
}

/** Is there nothing to be had from it any more? */
export function isOver(stream: unknown): boolean {
  const { destroyed, readableEnded, writableEnded, readable, writable } = stream as Given;
  return destroyed === true || readableEnded === true || writableEnded === true || readable === false || writable === false;
}

/** Closes what is not wanted, if it can be. What it says of that is nobody's business any more. */
export function dropStream(value: unknown): void {
  if (!isStream(value)) return;
  try {
    value.on('error', () => {});
    if (typeof value.destroy === 'function') value.destroy();
    else value.end();
  } catch {
    // It is not ours to mend.
  }
}

/** Calls back once a socket that was given while it connects is connected, or has failed; at once for all else. */
export function whenOpen(stream: unknown, onOpen: () => void, onFailed: (error: Error) => void): void {
  const { connecting, secureConnecting } = stream as Socket & { readonly secureConnecting?: boolean };
  if (!(stream instanceof Socket) || !(connecting || secureConnecting === true)) {
    onOpen();
    return;
  }
  const ready = secureConnecting === true ? 'secureConnect' : 'connect';
  const settle = (then: () => void) => (): void => {
    stream.off(ready, opened).off('error', failed).off('close', closed);
    then();
  };
  const opened = settle(onOpen);
  const failed = (error: Error): void => settle(() => onFailed(error))();
  const closed = settle(() => onFailed(new Error('it was closed before it was connected')));
  stream.once(ready, opened).once('error', failed).once('close', closed);
}

/** The transport of a stream that is {@link unusableStream usable}, open, and that nobody reads from. */
export function transportOver(stream: unknown): SocketTransport {
  const given = stream as Given;
  const facts: TransportFacts = {
    remoteAddress: textOf(given.remoteAddress),
    remotePort: numberOf(given.remotePort),
    localAddress: textOf(given.localAddress),
    localPort: numberOf(given.localPort),
    alpnProtocol: undefined,
    tls: undefined,
  };
  if (!(stream instanceof Socket)) return SocketTransport.over(new GivenStream(given), facts);
  // When to end our direction is the protocol's decision.
  stream.allowHalfOpen = true;
  stream.setNoDelay(true);
  return SocketTransport.over(stream, facts);
}

/** How much may come from a stream that was asked to pause, in bytes, before it is given up. */
const mostUnasked = 16 * 1024 * 1024;

/**
 * How long a stream whose write has found the peer gone may be silent before it has failed, in milliseconds. What the peer sent before is here already; a
 * socket then comes to its end, and a stream of any other make may never.
 */
const silenceOfTheGone = 100;

type Callback = (error?: Error | null) => void;

/**
 * What the core can rely on: it pauses, it says when it is closed, it takes what is written in order and says when there is too much, it gives what came
 * before a failure, and it does nothing after it was destroyed, whatever the stream inside of it does.
 */
class GivenStream extends Duplex {
  readonly #given: Given;
  #onDrained: Callback | undefined;
  #isPaused = false;
  #hasEnded = false;
  /** Set where it closed or failed before it ended, with bytes that nobody has read yet. */
  #cut: { readonly error: Error | undefined } | undefined;
  /** A write has found the peer gone. */
  #writeFailure: Error | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(given: Given) {
    super({ allowHalfOpen: true, highWaterMark: writeHighWaterMark });
    this.#given = given;
    given.on('data', (chunk: unknown) => this.#receive(chunk));
    given.on('end', () => this.#ended());
    given.on('drain', () => this.#drained());
    given.on('error', (error: unknown) => this.#cutOff(toError(error)));
    given.on('close', () => this.#closed());
    if (given instanceof Duplex) {
      outliveWrites(given, (error) => {
        this.#writeFailure = error;
        this.#awaitRest();
      });
    }
  }

  ref(): this {
    this.#given.ref?.();
    return this;
  }

  unref(): this {
    this.#given.unref?.();
    return this;
  }

  override _read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#given.resume?.();
    this.#awaitRest();
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    try {
      // Old ones say nothing.
      if (this.#given.write(chunk) === false) this.#onDrained = callback;
      else callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _final(callback: Callback): void {
    try {
      this.#given.end();
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#silence);
    dropStream(this.#given);
    this.#onDrained = undefined;
    callback(error);
  }

  #receive(chunk: unknown): void {
    if (this.destroyed || this.#hasEnded || this.#cut !== undefined) return;
    if (!ArrayBuffer.isView(chunk)) {
      this.destroy(new TypeError('it gave something else than bytes'));
      return;
    }
    if (this.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) {
      this.#awaitRest();
      return;
    }
    this.#isPaused = true;
    this.#given.pause?.();
    if (this.readableLength > mostUnasked)
      this.destroy(new Error(`it does not pause: it has sent ${this.readableLength} bytes that nobody reads`));
  }

  #drained(): void {
    const callback = this.#onDrained;
    this.#onDrained = undefined;
    callback?.();
  }

  /** What came before is still read. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    if (this.#cut !== undefined && this.readableLength === 0) this.destroy(this.#cut.error);
    return chunk;
  }

  #ended(): void {
    if (this.#writeFailure !== undefined) {
      // It is none that the peer has sent.
      this.#cutOff(this.#writeFailure);
      return;
    }
    this.#hasEnded = true;
    if (!this.destroyed && this.#cut === undefined) this.push(null);
  }

  #closed(): void {
    this.#cutOff(this.#writeFailure);
  }

  /** It is over once what came has been read. Without an error, who holds it sees whether there was an end. */
  #cutOff(error: Error | undefined): void {
    if (this.#cut !== undefined) return;
    clearTimeout(this.#silence);
    if (this.#hasEnded) {
      if (this.readableEnded) this.destroy(error);
      else this.once('end', () => this.destroy(error));
      return;
    }
    this.#takeRest();
    this.#cut = { error };
    if (this.readableLength === 0) this.destroy(error);
  }

  /** A stream that is destroyed emits nothing any more, and still gives what it holds. */
  #takeRest(): void {
    const given = this.#given;
    if (!(given instanceof Duplex)) return;
    for (let chunk: unknown = given.read(); chunk !== null && !this.destroyed; chunk = given.read()) this.#receive(chunk);
  }

  /** After a write that has found the peer gone, silence means that all has come. Not while nobody reads. */
  #awaitRest(): void {
    const failure = this.#writeFailure;
    if (failure === undefined || this.#isPaused || this.#cut !== undefined || this.destroyed) return;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#cutOff(failure), silenceOfTheGone);
  }
}

function isStream(value: unknown): value is Given {
  const { on, write, end } = Object(value) as Partial<OldStream>;
  return typeof on === 'function' && typeof write === 'function' && typeof end === 'function';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
