/**
 * A server in the memory of the measured process: no socket, no system call, so that what is measured is JavaScript alone and steady.
 * It answers every request with the same bytes, a turn of the event loop later, as a socket would bring them.
 */
import type { ByteTransport, TransportHandler } from '@x/httpcore/testing';
import { SMALL_BODY } from '../child/payload.ts';
import type { Protocol } from '../child/job.ts';

const FACTS = {
  remoteAddress: '127.0.0.1',
  remotePort: 80,
  localAddress: '127.0.0.1',
  localPort: 50_000,
  alpnProtocol: undefined,
  tls: undefined,
};

const DATE = 'Sat, 28 Nov 2026 12:00:00 GMT';

/** All that have something to deliver share one turn. */
let pending: MemoryTransport[] = [];

function deliverAll(): void {
  const due = pending;
  pending = [];
  for (const transport of due) transport.deliver();
}

export class MemoryTransport implements ByteTransport {
  readonly facts = FACTS;
  readonly #answerer: Answerer;
  #handler: TransportHandler | null = null;
  #isDue = false;
  #isClosed = false;

  constructor(protocol: Protocol) {
    this.#answerer = protocol === 'h2' ? new Http2Answerer() : new Http1Answerer();
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
  }

  write(data: string | Uint8Array): boolean {
    this.#answerer.take(data);
    if (!this.#isDue) {
      this.#isDue = true;
      if (pending.push(this) === 1) setImmediate(deliverAll);
    }
    return true;
  }

  deliver(): void {
    this.#isDue = false;
    if (this.#isClosed) return;
    const answer = this.#answerer.answer();
    if (answer.length > 0) this.#handler?.onBytes(answer);
  }

  // What is written stays in the order in which it is; there is nothing to gather for.
  cork(): void {}
  uncork(): void {}
  pause(): void {}
  resume(): void {}
  /** The answers are its own. */
  keep(): boolean {
    return false;
  }
  ref(): void {}
  unref(): void {}
  end(): void {
    this.destroy();
  }
  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    queueMicrotask(() => this.#handler?.onClosed(undefined));
  }
  release(): void {}
}

interface Answerer {
  take(data: string | Uint8Array): void;
  /** To all that was taken. */
  answer(): Uint8Array;
}

const NOTHING = new Uint8Array(0);
const HTTP1_ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: ${DATE}\r\nContent-Type: text/plain\r\n` +
    `Content-Length: ${SMALL_BODY.length}\r\nConnection: keep-alive\r\n\r\n${SMALL_BODY}`,
);

class Http1Answerer implements Answerer {
  #requests = 0;

  take(data: string | Uint8Array): void {
    const text = typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1');
    for (let at = text.indexOf('\r\n\r\n'); at !== -1; at = text.indexOf('\r\n\r\n', at + 4)) this.#requests += 1;
  }

  answer(): Uint8Array {
    const requests = this.#requests;
    this.#requests = 0;
    if (requests === 1) return HTTP1_ANSWER;
    return requests === 0 ? NOTHING : Buffer.concat(Array.from({ length: requests }, () => HTTP1_ANSWER));
  }
}

const FRAME_HEADER = 9;
const FrameType = { HEADERS: 1, SETTINGS: 4, PING: 6 } as const;
const END_STREAM = 1;
const ACK = 1;

/** RFC 7541 §6.2.2: a literal without indexing, with a name of the static table from 16 on. */
function field(staticIndex: number, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x0f, staticIndex - 15, value.length), Buffer.from(value)]);
}

const HEAD_BLOCK = Buffer.concat([
  // `:status: 200`, then server, date, content-type, content-length.
  Buffer.of(0x88),
  field(54, 'nginx/1.22.1'),
  field(33, DATE),
  field(31, 'text/plain'),
  field(28, String(SMALL_BODY.length)),
]);

function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, FRAME_HEADER);
  return bytes;
}

/** HEADERS and DATA of one answer; the stream's number is written into a copy of it. */
const HTTP2_ANSWER = Buffer.concat([frame(FrameType.HEADERS, 4, 0, HEAD_BLOCK), frame(0, END_STREAM, 0, Buffer.from(SMALL_BODY))]);
const DATA_ID_AT = FRAME_HEADER + HEAD_BLOCK.length + 5;
const PREFACE_LENGTH = 24;

class Http2Answerer implements Answerer {
  #rest: Buffer = Buffer.alloc(0);
  #isPastPreface = false;
  readonly #streams: number[] = [];
  #frames: Buffer[] = [frame(FrameType.SETTINGS, 0, 0, NOTHING)];

  take(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data.buffer, data.byteOffset, data.length);
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (!this.#isPastPreface && rest.length >= PREFACE_LENGTH) {
      this.#isPastPreface = true;
      rest = rest.subarray(PREFACE_LENGTH);
    }
    let at = 0;
    while (this.#isPastPreface && rest.length - at >= FRAME_HEADER) {
      const length = rest.readUIntBE(at, 3);
      if (rest.length - at < FRAME_HEADER + length) break;
      this.#onFrame(rest[at + 3]!, rest[at + 4]!, rest.readUInt32BE(at + 5), rest.subarray(at + FRAME_HEADER, at + FRAME_HEADER + length));
      at += FRAME_HEADER + length;
    }
    this.#rest = at === rest.length ? Buffer.alloc(0) : Buffer.from(rest.subarray(at));
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (type === FrameType.HEADERS) this.#streams.push(streamId);
    else if (type === FrameType.SETTINGS && (flags & ACK) === 0) this.#frames.push(frame(FrameType.SETTINGS, ACK, 0, NOTHING));
    else if (type === FrameType.PING && (flags & ACK) === 0) this.#frames.push(frame(FrameType.PING, ACK, 0, payload));
  }

  answer(): Uint8Array {
    const ahead = this.#frames;
    this.#frames = [];
    const answers = Buffer.allocUnsafeSlow(this.#streams.length * HTTP2_ANSWER.length);
    for (const [index, id] of this.#streams.entries()) {
      const at = index * HTTP2_ANSWER.length;
      HTTP2_ANSWER.copy(answers, at);
      answers.writeUInt32BE(id, at + 5);
      answers.writeUInt32BE(id, at + DATA_ID_AT);
    }
    this.#streams.length = 0;
    return ahead.length === 0 ? answers : Buffer.concat([...ahead, answers]);
  }
}
