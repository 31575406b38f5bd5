/**
 * An engine, a peer made of bytes, and a record of what either side saw.
 *
 *     const peer = new EngineHarness();
 *     const stream = peer.open('GET', '/');       // sends a request
 *     peer.sent();                                 // ['PREFACE', 'SETTINGS …', 'HEADERS 1 END_STREAM :method=GET …']
 *     peer.receive(settings(), headers(stream.id, [[':status', '204']], { endStream: true }));
 *     peer.events();                               // ['settings', 'head 1 204 [] end', 'end 1 []']
 *
 * Requests are decoded by hpack.js, so what is asserted on is what another implementation understands.
 */
import { Buffer } from 'node:buffer';

import type { HeaderPair } from '../../../src/contract/dispatcher.ts';
import type { HttpCoreError, RemoteProtocolError } from '../../../src/contract/errors.ts';
import { errorName } from '../../../src/protocol/http2/constants.ts';
import { Http2Engine } from '../../../src/protocol/http2/engine.ts';
import type { Http2EngineHandler } from '../../../src/protocol/http2/handler.ts';
import type { Http2EngineOptions } from '../../../src/protocol/http2/options.ts';
import type { Http2Stream } from '../../../src/protocol/http2/stream.ts';
import { FrameLog } from './frame-log.ts';

/** What each test gives as token. */
export interface Call {
  stream: Http2Stream<Call> | undefined;
  error: HttpCoreError | undefined;
  wasProcessed: boolean | undefined;
  body: Buffer;
}

export interface OpenOptions {
  readonly headers?: readonly HeaderPair[];
  readonly endStream?: boolean;
  readonly authority?: string;
  readonly protocol?: string | null;
  readonly addedLength?: string | null;
}

export class EngineHarness {
  readonly engine: Http2Engine<Call>;
  /** Every chunk that the sink was given. */
  readonly writes: Buffer[] = [];
  /** Milliseconds; moved by tests alone. */
  time = 0;
  /** What the sink answers. */
  sinkHasRoom = true;
  /** Gives windows back as data comes. */
  consumes = true;
  /** Records what the data is; off for downloads that are larger than what is worth comparing. */
  recordsData = true;
  error: RemoteProtocolError | undefined;
  outputAnnouncements = 0;
  capacityChanges = 0;
  /** Called from inside the callbacks, with the event's text, for tests of what may be done there. */
  onEvent: (event: string, call: Call | undefined) => void = () => {};
  readonly #log = new FrameLog();
  #events: string[] = [];

  constructor(options: Partial<Http2EngineOptions> = {}) {
    this.engine = new Http2Engine<Call>(
      {
        write: (bytes) => {
          const chunk = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
          if (chunk.length === 0) throw new Error('An empty write');
          this.writes.push(chunk);
          this.#log.add(chunk);
          return this.sinkHasRoom;
        },
      },
      this.#handler(),
      { now: () => this.time, ...options },
    );
    this.engine.start();
  }

  open(method: string, target: string, options: OpenOptions = {}): Http2Stream<Call> {
    const { headers = [], endStream = true, authority = 'example.com', protocol = null, addedLength = null } = options;
    const call: Call = { stream: undefined, error: undefined, wasProcessed: undefined, body: Buffer.alloc(0) };
    call.stream = this.engine.openStream(method, 'https', authority, target, protocol, headers, addedLength, endStream, call);
    return call.stream;
  }

  /** Feeds the frames in one chunk, and flushes, as a connection does at the end of its turn. */
  receive(...frames: readonly Uint8Array[]): void {
    this.engine.receive(Buffer.concat(frames));
    this.engine.flush();
  }

  /** Feeds pieces as they are. */
  receivePieces(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.engine.receive(piece);
    this.engine.flush();
  }

  /** What happened since the last call. */
  events(): string[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** The frames sent since the last call, flushed first. */
  sent(): string[] {
    this.engine.flush();
    return this.#log.take();
  }

  /** Forgets what was sent and what happened so far. */
  clear(): void {
    this.sent();
    this.events();
    this.writes.length = 0;
  }

  #record(event: string, call?: Call): void {
    this.#events.push(event);
    this.onEvent(event, call);
  }

  #handler(): Http2EngineHandler<Call> {
    const id = (call: Call): number => call.stream!.id;
    const list = (pairs: readonly HeaderPair[]): string => `[${pairs.map(([name, value]) => `${name}=${value}`).join(', ')}]`;
    return {
      onOutput: () => {
        this.outputAnnouncements += 1;
      },
      onSettings: () => this.#record('settings'),
      onCapacityChange: () => {
        this.capacityChanges += 1;
      },
      onInformational: (call, status, headers) => this.#record(`informational ${id(call)} ${status} ${list(headers)}`, call),
      onHead: (call, status, headers, endStream) =>
        this.#record(`head ${id(call)} ${status} ${list(headers)}${endStream ? ' end' : ''}`, call),
      onData: (call, chunk, start, end) => {
        if (this.consumes) this.engine.consumed(call.stream!, end - start);
        if (!this.recordsData) return;
        const piece = Buffer.from(chunk.subarray(start, end));
        call.body = Buffer.concat([call.body, piece]);
        // However it was cut, it is the same data.
        const begun = `data ${id(call)} `;
        const last = this.#events.at(-1);
        const text = piece.toString('latin1');
        if (last?.startsWith(begun) === true) this.#events[this.#events.length - 1] = last + text;
        else this.#events.push(begun + text);
        this.onEvent(begun, call);
      },
      onResponseEnd: (call, trailers) => this.#record(`end ${id(call)} ${list(trailers)}`, call),
      onReset: (call, error, wasProcessed) => {
        call.error = error;
        call.wasProcessed = wasProcessed;
        this.#record(`reset ${id(call)} ${error.code}${wasProcessed ? '' : ' unprocessed'}`, call);
      },
      onUploadStopped: (call, errorCode) => this.#record(`upload stopped ${id(call)} ${errorName(errorCode)}`, call),
      onWritable: (call) => this.#record(`writable ${id(call)}`, call),
      onRequestSent: (call) => this.#record(`request sent ${id(call)}`, call),
      onHttp1Required: (call) => this.#record(`http/1.1 required${call === null ? '' : ` ${id(call)}`}`),
      onGoAway: (lastStreamId, errorCode) => this.#record(`goaway ${lastStreamId} ${errorName(errorCode)}`),
      onPingAcknowledged: (payload) => this.#record(`pong ${payload}`),
      onConnectionError: (error) => {
        this.error = error;
        this.#record(`connection error ${error.code}`);
      },
    };
  }
}
