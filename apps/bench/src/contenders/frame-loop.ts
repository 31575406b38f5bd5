/**
 * The floor of HTTP/2: frames in JavaScript and nothing else. Heads are written from a template and read for their first octet;
 * there is no header compression, no stream state and no promise per request. One connection carries everything.
 */
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Buffer } from 'node:buffer';
import type { Budget } from '../child/budget.ts';
import type { Workload } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { WrongAnswer, type OpenContender } from './contender.ts';

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;

const FRAME_HEADER = 9;
const LARGEST_FRAME = 16_384;
const LARGEST_WINDOW = 0x7fff_ffff;
const DEFAULT_WINDOW = 65_535;
/** Given back to the server after so many bytes. */
const WINDOW_STEP = 1024 * 1024;
/** `:status: 200` of the static table. */
const STATUS_200 = 0x88;
/** Streams whose bytes are counted at once: more than any workload has. */
const COUNTERS = 4096;

const readBuffer = Buffer.alloc(64 * 1024);

export const open: OpenContender = async (workload) => {
  const loop = new FrameLoop(workload);
  await loop.ready;
  return {
    run: (budget) => loop.run(budget),
    close: async () => loop.close(),
  };
};

class FrameLoop {
  readonly ready: Promise<void>;
  readonly #workload: Workload;
  readonly #socket: Socket;
  readonly #template: Buffer;
  readonly #received: Uint32Array = new Uint32Array(COUNTERS);
  #onReady!: () => void;
  #nextStream = 1;
  #wanted = 0;
  #running = 0;
  #budget: Budget | null = null;
  #settle: ((error: Error | null) => void) | null = null;
  #rest: Buffer = Buffer.alloc(0);
  #unreturned = 0;
  // Uploads.
  #initialWindow = DEFAULT_WINDOW;
  #window = DEFAULT_WINDOW;
  readonly #uploads = new Map<number, Upload>();

  constructor(workload: Workload) {
    this.#workload = workload;
    this.#template = requestHead(workload);
    this.ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
    this.#socket = openSocket(workload, (length) => this.#read(readBuffer.subarray(0, length)));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new WrongAnswer('The server closed the connection.')));
    this.#socket.on('drain', () => this.#upload());
    this.#socket.write(
      Buffer.concat([
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
        // ENABLE_PUSH 0, INITIAL_WINDOW_SIZE as large as can be.
        frame(SETTINGS, 0, 0, Buffer.concat([setting(2, 0), setting(4, LARGEST_WINDOW)])),
        frame(WINDOW_UPDATE, 0, 0, uint32(LARGEST_WINDOW - DEFAULT_WINDOW)),
      ]),
    );
  }

  run(budget: Budget): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#budget = budget;
      this.#settle = (error) => {
        this.#settle = null;
        if (error === null) {
          resolve();
        } else {
          budget.stop();
          reject(error);
        }
      };
      this.#wanted = this.#workload.concurrency;
      this.#request();
      if (this.#running === 0) this.#settle?.(null);
    });
  }

  close(): void {
    this.#settle = null;
    this.#socket.destroy();
  }

  /** Sends as many heads as there are lanes without a request, in one write. */
  #request(): void {
    let count = 0;
    while (this.#wanted > 0 && this.#budget?.take() === true) {
      this.#wanted -= 1;
      count += 1;
    }
    this.#wanted = 0;
    if (count === 0) return;
    const template = this.#template;
    const bytes = Buffer.allocUnsafe(template.length * count);
    for (let index = 0; index < count; index += 1) {
      const at = index * template.length;
      bytes.set(template, at);
      bytes.writeUInt32BE(this.#nextStream, at + 5);
      if (this.#workload.uploadBytes > 0) this.#uploads.set(this.#nextStream, new Upload(this.#workload.uploadBytes, this.#initialWindow));
      this.#nextStream += 2;
    }
    this.#running += count;
    this.#socket.write(bytes);
    this.#upload();
  }

  #read(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, chunk]);
    const end = bytes.length;
    let at = 0;
    while (end - at >= FRAME_HEADER) {
      const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
      if (end - at < FRAME_HEADER + length) break;
      this.#frame(bytes, at, length);
      at += FRAME_HEADER + length;
    }
    // A copy: the buffer is read into again.
    this.#rest = at === end ? empty : Buffer.from(bytes.subarray(at));
    if (this.#unreturned >= WINDOW_STEP) {
      this.#socket.write(frame(WINDOW_UPDATE, 0, 0, uint32(this.#unreturned)));
      this.#unreturned = 0;
    }
    if (this.#wanted > 0) this.#request();
    if (this.#running === 0) this.#settle?.(null);
  }

  #frame(bytes: Buffer, at: number, length: number): void {
    const flags = bytes[at + 4]!;
    const payload = at + FRAME_HEADER;
    switch (bytes[at + 3]) {
      case HEADERS: {
        let first = payload;
        // Changes of the table's size come before anything else.
        while (bytes[first]! >>> 5 === 1) first += 1;
        if (bytes[first] !== STATUS_200) this.#fail(new WrongAnswer('The first field of the answer is not ":status: 200".'));
        if ((flags & END_STREAM) !== 0) this.#end(bytes.readUInt32BE(at + 5));
        break;
      }
      case DATA: {
        const stream = bytes.readUInt32BE(at + 5);
        this.#received[(stream >>> 1) % COUNTERS]! += length;
        this.#unreturned += length;
        if ((flags & END_STREAM) !== 0) this.#end(stream);
        break;
      }
      case SETTINGS:
        if ((flags & ACK) === 0) this.#settings(bytes, payload, payload + length);
        break;
      case PING:
        if ((flags & ACK) === 0) this.#socket.write(frame(PING, ACK, 0, Buffer.from(bytes.subarray(payload, payload + length))));
        break;
      case WINDOW_UPDATE: {
        const stream = bytes.readUInt32BE(at + 5);
        const increment = bytes.readUInt32BE(payload);
        if (stream === 0) this.#window += increment;
        else this.#uploads.get(stream)?.grow(increment);
        this.#upload();
        break;
      }
      case RST_STREAM:
      case GOAWAY:
        this.#fail(new WrongAnswer('The server refused to go on.'));
        break;
      default:
    }
  }

  #settings(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at += 6) if (bytes.readUInt16BE(at) === 4) this.#initialWindow = bytes.readUInt32BE(at + 2);
    this.#socket.write(frame(SETTINGS, ACK, 0, empty));
    this.#onReady();
  }

  #end(stream: number): void {
    const counter = (stream >>> 1) % COUNTERS;
    const received = this.#received[counter]!;
    this.#received[counter] = 0;
    if (received !== this.#workload.bodyBytes) {
      this.#fail(new WrongAnswer(`Expected ${this.#workload.bodyBytes} bytes, got ${received}.`));
    }
    this.#running -= 1;
    this.#wanted += 1;
  }

  #upload(): void {
    for (const [stream, upload] of this.#uploads) {
      while (this.#window > 0 && !this.#socket.writableNeedDrain) {
        const piece = upload.next(Math.min(LARGEST_FRAME, this.#window));
        if (piece === null) break;
        this.#window -= piece.length;
        this.#socket.cork();
        this.#socket.write(frameHeader(piece.length, DATA, upload.isDone ? END_STREAM : 0, stream));
        this.#socket.write(piece);
        this.#socket.uncork();
        if (upload.isDone) this.#uploads.delete(stream);
      }
    }
  }

  #fail(error: Error): void {
    this.#settle?.(error);
  }
}

/** The rest of one request body, and the window that its stream has for it. */
class Upload {
  readonly #chunks: Iterator<Uint8Array>;
  #chunk: Uint8Array = empty;
  #left: number;
  #window: number;

  constructor(bytes: number, window: number) {
    this.#chunks = uploadChunks(bytes);
    this.#left = bytes;
    this.#window = window;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  grow(increment: number): void {
    this.#window += increment;
  }

  next(most: number): Uint8Array | null {
    if (this.#chunk.length === 0) this.#chunk = (this.#chunks.next().value as Uint8Array | undefined) ?? empty;
    const piece = this.#chunk.subarray(0, Math.min(most, this.#window));
    if (piece.length === 0) return null;
    this.#chunk = this.#chunk.subarray(piece.length);
    this.#left -= piece.length;
    this.#window -= piece.length;
    return piece;
  }
}

const empty = Buffer.alloc(0);

function openSocket(workload: Workload, onBytes: (length: number) => void): Socket {
  const onread = {
    buffer: readBuffer,
    callback(length: number): boolean {
      onBytes(length);
      return true;
    },
  };
  const options: TcpNetConnectOpts = { host: workload.host, port: workload.port, noDelay: true, onread };
  return workload.scheme === 'https' ? connectTls({ ...options, ALPNProtocols: ['h2'] } as ConnectionOptions) : connectTcp(options);
}

/** The frame of a request, its stream to be filled in. */
function requestHead({ scheme, host, port, target, uploadBytes }: Workload): Buffer {
  const block = Buffer.concat([
    // `:method` and `:scheme` from the static table; the others as literals that touch no table.
    Buffer.of(uploadBytes > 0 ? 0x83 : 0x82, scheme === 'https' ? 0x87 : 0x86),
    literal(1, `${host}:${port}`),
    literal(4, target),
    ...(uploadBytes > 0 ? [literal(28, String(uploadBytes))] : []),
  ]);
  return frame(HEADERS, END_HEADERS | (uploadBytes > 0 ? 0 : END_STREAM), 0, block);
}

/** A literal without indexing, its name from the static table (RFC 7541 §6.2.2). Values are short. */
function literal(index: number, value: string): Buffer {
  const name = index < 15 ? Buffer.of(index) : Buffer.of(15, index - 15);
  return Buffer.concat([name, Buffer.of(value.length), Buffer.from(value, 'latin1')]);
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(payload.length, type, flags, stream), payload]);
}

function frameHeader(length: number, type: number, flags: number, stream: number): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return header;
}

function setting(identifier: number, value: number): Buffer {
  return Buffer.concat([Buffer.of(0, identifier), uint32(value)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
