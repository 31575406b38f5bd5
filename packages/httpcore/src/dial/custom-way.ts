import { ConnectError, HttpCoreError, LocalProtocolError } from '../contract/errors.ts';
import { codeOf, toError } from '../contract/thrown.ts';
import type { Connect } from '../model/connect.ts';
import type { Guard } from '../contract/guard.ts';
import { dropStream, isOver, transportOver, unusableStream, whenOpen } from '../net/given-stream.ts';
import { isAddress } from '../net/dns/resolver.ts';
import type { SocketTransport } from '../net/socket-transport.ts';
import { Admission } from './admission.ts';
import type { Way, WayListener } from './way.ts';

export interface CustomWayRequest {
  /** For errors: of an origin, or of a proxy. */
  readonly origin: string;
  readonly isProxy: boolean;
  readonly host: string;
  readonly port: number;
}

/** By what the option `connect` gives. Nothing is resolved here: what a name means at the other end, that end decides. */
export class CustomWay implements Way {
  readonly #request: CustomWayRequest;
  readonly #connect: Connect;
  readonly #guard: Guard | null;
  readonly #listener: WayListener;
  readonly #controller = new AbortController();
  #given: unknown;

  constructor(request: CustomWayRequest, connect: Connect, guard: Guard | null, listener: WayListener) {
    this.#request = request;
    this.#connect = connect;
    this.#guard = guard;
    this.#listener = listener;
  }

  get hanging(): string {
    return this.#given === undefined ? 'the option "connect" gave no stream' : 'the stream of the option "connect" was not open';
  }

  start(): void {
    const { host, port, origin, isProxy } = this.#request;
    const listener = this.#listener;
    // Whoever configured a proxy chose where it is.
    if (this.#guard !== null && !isProxy) new Admission(this.#guard, { host, port, proxy: undefined }, listener).elsewhere(isAddress(host));
    if (listener.isSettled) return;
    listener.enter('connecting');
    listener.trace('connect-start', { address: host, port });
    if (listener.isSettled) return;
    const { signal } = this.#controller;
    let given: unknown;
    try {
      // In no request's async context: the connection may come to serve many.
      given = this.#connect({ origin, host, port, proxy: isProxy, signal });
    } catch (error) {
      this.#failed(error);
      return;
    }
    // A stream is taken at once: what it says in this turn would be missed.
    if (typeof (Object(given) as Partial<PromiseLike<unknown>>).then !== 'function') this.#take(given);
    else {
      void Promise.resolve(given).then(
        (stream) => this.#take(stream),
        (error: unknown) => this.#failed(error),
      );
    }
  }

  cancel(): void {
    if (this.#given !== undefined) dropStream(this.#given);
    this.#controller.abort(new DOMException('The connection is not wanted any more', 'AbortError'));
  }

  /** It may be of any make, and throw at whatever it is asked. */
  #take(stream: unknown): void {
    try {
      this.#receive(stream);
    } catch (error) {
      dropStream(stream);
      this.#failed(error);
    }
  }

  #receive(stream: unknown): void {
    const problem = unusableStream(stream);
    if (problem !== undefined || this.#listener.isSettled) dropStream(stream);
    if (this.#listener.isSettled) return;
    if (problem !== undefined) {
      this.#listener.onFailed(
        new LocalProtocolError(`What the option "connect" gave ${problem}`, { code: 'INVALID_OPTION', phase: 'connect' }),
      );
      return;
    }
    if (isOver(stream)) {
      dropStream(stream);
      this.#failed(new Error('the stream was closed, or had ended, when it was given'));
      return;
    }
    this.#given = stream;
    whenOpen(
      stream,
      () => this.#opened(stream),
      (error) => {
        dropStream(stream);
        this.#failed(error);
      },
    );
  }

  #opened(stream: unknown): void {
    const listener = this.#listener;
    if (listener.isSettled) return;
    let transport: SocketTransport;
    try {
      transport = transportOver(stream);
    } catch (error) {
      dropStream(stream);
      this.#failed(error);
      return;
    }
    const { host, port } = this.#request;
    listener.trace('connect-end', { address: host, port });
    if (listener.isSettled) {
      transport.destroy();
      return;
    }
    this.#given = undefined;
    listener.onReady(transport);
  }

  #failed(thrown: unknown): void {
    const listener = this.#listener;
    if (listener.isSettled) return;
    const { origin, isProxy, host, port } = this.#request;
    const error = toError(thrown);
    const code = codeOf(error) ?? 'CONNECT_FAILED';
    listener.trace('connect-failed', { address: host, port, code });
    if (listener.isSettled) return;
    if (error instanceof HttpCoreError) {
      listener.onFailed(error);
      return;
    }
    const target = isProxy ? `the proxy at ${origin}` : origin;
    listener.onFailed(
      new ConnectError(`Could not connect to ${target} by the option "connect": ${error.message}`, {
        phase: 'connect',
        attempts: [{ address: host, port, code, reason: error.message }],
        cause: error,
      }),
    );
  }
}
