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

import type { HeaderPair } from '../../../src/contract.ts';
import type { HttpCoreError, RemoteProtocolError } from '../../../src/errors.ts';
import { connectionPreface, errorName, Flag, FrameType } from '../../../src/protocol/http2/constants.ts';
import { Http2Engine } from '../../../src/protocol/http2/engine.ts';
import type { Http2EngineHandler } from '../../../src/protocol/http2/handler.ts';
import type { Http2EngineOptions } from '../../../src/protocol/http2/options.ts';
import type { Http2Stream } from '../../../src/protocol/http2/stream.ts';
import { ReferenceDecoder } from './reference-hpack.ts';

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
}

const typeNames = Object.keys(FrameType);

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
  readonly #decoder = new ReferenceDecoder();
  #events: string[] = [];
  #unread: Buffer = Buffer.alloc(0);
  #block: Buffer = Buffer.alloc(0);

  constructor(options: Partial<Http2EngineOptions> = {}) {
    this.engine = new Http2Engine<Call>(
      {
        write: (bytes) => {
          const chunk = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
          if (chunk.length === 0) throw new Error('An empty write');
          this.writes.push(chunk);
          this.#unread = Buffer.concat([this.#unread, chunk]);
          return this.sinkHasRoom;
        },
      },
      this.#handler(),
      { now: () => this.time, ...options },
    );
    this.engine.start();
  }

  open(method: string, target: string, options: OpenOptions = {}): Http2Stream<Call> {
    const { headers = [], endStream = true, authority = 'example.com', protocol = null } = options;
    const call: Call = { stream: undefined, error: undefined, wasProcessed: undefined, body: Buffer.alloc(0) };
    call.stream = this.engine.openStream(method, 'https', authority, target, protocol, headers, endStream, call);
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
    const frames: string[] = [];
    if (this.#unread.length >= 24 && this.#unread.subarray(0, 24).toString('latin1') === connectionPreface) {
      frames.push('PREFACE');
      this.#unread = this.#unread.subarray(24);
    }
    while (this.#unread.length >= 9) {
      const length = this.#unread.readUIntBE(0, 3);
      if (this.#unread.length < 9 + length) break;
      frames.push(this.#describe(this.#unread.subarray(0, 9 + length)));
      this.#unread = this.#unread.subarray(9 + length);
    }
    if (this.#unread.length > 0) frames.push(`UNFINISHED ${this.#unread.toString('hex')}`);
    return frames;
  }

  /** Forgets what was sent and what happened so far. */
  clear(): void {
    this.sent();
    this.events();
    this.writes.length = 0;
  }

  #describe(frame: Buffer): string {
    const type = frame[3]!;
    const flags = frame[4]!;
    const streamId = frame.readUInt32BE(5);
    const payload = frame.subarray(9);
    const parts: (string | number)[] = [typeNames[type] ?? `TYPE ${type}`];
    if (streamId !== 0) parts.push(streamId);
    switch (type) {
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) !== 0) parts.push('ACK');
        for (let at = 0; at < payload.length; at += 6) parts.push(`${payload.readUInt16BE(at)}=${payload.readUInt32BE(at + 2)}`);
        break;
      case FrameType.HEADERS:
      case FrameType.CONTINUATION:
        if (type === FrameType.HEADERS && (flags & Flag.END_STREAM) !== 0) parts.push('END_STREAM');
        this.#block = Buffer.concat([this.#block, payload]);
        if ((flags & Flag.END_HEADERS) === 0) {
          parts.push(`(${payload.length} octets, not the end)`);
        } else {
          parts.push(
            ...this.#decoder
              .decode(this.#block)
              .map(({ name, value, neverIndex }) => `${name}=${value}${neverIndex ? ' (never indexed)' : ''}`),
          );
          this.#block = Buffer.alloc(0);
        }
        break;
      case FrameType.DATA:
        if ((flags & Flag.END_STREAM) !== 0) parts.push('END_STREAM');
        parts.push(payload.length > 40 ? `(${payload.length} octets)` : JSON.stringify(payload.toString('latin1')));
        break;
      case FrameType.RST_STREAM:
        parts.push(errorName(payload.readUInt32BE(0)));
        break;
      case FrameType.GOAWAY:
        parts.push(payload.readUInt32BE(0), errorName(payload.readUInt32BE(4)));
        break;
      case FrameType.WINDOW_UPDATE:
        parts.push(payload.readUInt32BE(0));
        break;
      default:
        if ((flags & Flag.ACK) !== 0) parts.push('ACK');
        parts.push(payload.toString('hex'));
    }
    return parts.join(' ');
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
      onGoAway: (lastStreamId, errorCode) => this.#record(`goaway ${lastStreamId} ${errorName(errorCode)}`),
      onPingAcknowledged: (payload) => this.#record(`pong ${payload}`),
      onConnectionError: (error) => {
        this.error = error;
        this.#record(`connection error ${error.code}`);
      },
    };
  }
}
