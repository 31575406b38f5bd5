/** One connection of an HTTP/2 script, seen by the script: frames in, frames out. */
import type { RawPeer, SendOptions } from '../raw/raw-peer.ts';
import { errorName, FrameFlag, FrameType, ping, settings, settingsAcknowledgement, type SettingName } from './frames.ts';
import { HeaderDecoder } from './header-decoder.ts';

/** A frame that the client sent. */
export interface ClientFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** A request head that the client sent, or the trailers of a request. */
export interface ClientRequest {
  readonly streamId: number;
  /** Pseudo-header fields among them, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly endStream: boolean;
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/**
 * What a script asks for is looked for among the frames that have come and that it has not had yet, so that a script is not
 * about the order in which a client mixes its streams. `frames` has all of them in the order of the wire.
 */
export class Http2Peer {
  /** Resolves when the client has ended its side or the connection is gone. */
  readonly ended: Promise<void>;
  /** Every frame that was read, in order. */
  readonly frames: ClientFrame[] = [];
  readonly #raw: RawPeer;
  readonly #sending: SendOptions;
  readonly #decoder = new HeaderDecoder();
  #pending: ClientFrame[] = [];
  #requests: ClientRequest[] = [];

  constructor(raw: RawPeer, sending: SendOptions) {
    this.#raw = raw;
    this.#sending = sending;
    this.ended = raw.ended;
  }

  /** Reads the client's preface and SETTINGS, sends SETTINGS and the acknowledgement, and reads that of ours. */
  async handshake(values: Readonly<Partial<Record<SettingName, number>>> = {}): Promise<void> {
    await this.preface();
    await this.send(settings(values), settingsAcknowledgement());
    await this.acknowledgement();
  }

  /** Reads the client's preface (RFC 9113 §3.4) and gives its SETTINGS. */
  async preface(): Promise<ClientFrame> {
    const bytes = (await this.#raw.bytes(PREFACE.length)).toString('latin1');
    if (bytes !== PREFACE) throw new Error(`the client began with ${JSON.stringify(bytes)}`);
    return this.next(FrameType.SETTINGS);
  }

  /** Waits for the acknowledgement of SETTINGS of ours. */
  async acknowledgement(): Promise<void> {
    await this.next(FrameType.SETTINGS, ({ flags }) => (flags & FrameFlag.ACK) !== 0);
  }

  /** The next frame of this type for which the condition holds. Rejects with `PeerClosed` when there will be none. */
  async next(type: number, condition: (frame: ClientFrame) => boolean = () => true): Promise<ClientFrame> {
    for (;;) {
      const index = this.#pending.findIndex((frame) => frame.type === type && condition(frame));
      const [found] = index === -1 ? [] : this.#pending.splice(index, 1);
      if (found !== undefined) return found;
      await this.#read();
    }
  }

  /** The next request head, or the next trailers. */
  async request(): Promise<ClientRequest> {
    for (;;) {
      const request = this.#requests.shift();
      if (request !== undefined) return request;
      await this.#read();
    }
  }

  /** The error code that the client ends the connection with, by name. */
  async goAway(): Promise<string> {
    const { payload } = await this.next(FrameType.GOAWAY);
    return errorName(payload.readUInt32BE(4));
  }

  /** The error code that the client resets a stream with, by name. */
  async reset(streamId: number): Promise<string> {
    const { payload } = await this.next(FrameType.RST_STREAM, (frame) => frame.streamId === streamId);
    return errorName(payload.readUInt32BE(0));
  }

  /** Waits until the client has dealt with all that was sent so far: sends a PING and waits for its acknowledgement. */
  async settled(mark = 'settled!'): Promise<void> {
    await this.send(ping(mark));
    await this.next(FrameType.PING, ({ flags, payload }) => (flags & FrameFlag.ACK) !== 0 && payload.toString('latin1') === mark);
  }

  /** Sends bytes as they are, in one write or in the pieces that the server was started with. */
  async send(...frames: readonly Uint8Array[]): Promise<void> {
    await this.#raw.send(Buffer.concat(frames), this.#sending);
  }

  /** Ends our side (FIN). */
  close(): Promise<void> {
    return this.#raw.close();
  }

  /** Resets the TCP connection. */
  abort(): Promise<void> {
    return this.#raw.reset();
  }

  async #read(): Promise<void> {
    const frame = await this.#readFrame();
    if (frame.type !== FrameType.HEADERS) {
      this.#pending.push(frame);
      return;
    }
    // Each block has to be decoded, in its turn, since the next one builds on it.
    const block = [frame.payload];
    for (let last = frame; (last.flags & FrameFlag.END_HEADERS) === 0; block.push(last.payload)) last = await this.#readFrame();
    const headers = this.#decoder.decode(Buffer.concat(block));
    this.#requests.push({ streamId: frame.streamId, headers, endStream: (frame.flags & FrameFlag.END_STREAM) !== 0 });
  }

  async #readFrame(): Promise<ClientFrame> {
    const header = await this.#raw.bytes(9);
    const payload = await this.#raw.bytes(header.readUIntBE(0, 3));
    const frame: ClientFrame = { type: header[3] ?? 0, flags: header[4] ?? 0, streamId: header.readUInt32BE(5), payload };
    this.frames.push(frame);
    return frame;
  }
}
