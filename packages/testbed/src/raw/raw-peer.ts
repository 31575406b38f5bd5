/** One connection of a raw server, seen by its script: bytes in, bytes out, and the ways to end it. */
import type { Socket } from 'node:net';

/** The client went away while the script still wanted something from it. */
export class PeerClosed extends Error {
  override readonly name = 'PeerClosed';
}

export interface SendOptions {
  /** Writes of this many bytes, each given to the system before the next. Default: one write. */
  readonly pieceBytes?: number;
}

interface Wait {
  /** The length of what was waited for, or `undefined` while it is not all there. */
  readonly find: (unread: Buffer) => number | undefined;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

const CONTENT_LENGTH = /^content-length:[ \t]*(\d+)/imu;
const CHUNKED = /^transfer-encoding:.*chunked/imu;

export class RawPeer {
  /** Resolves when the client has ended its side or the connection is gone. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  /** The TCP socket below TLS: only there can a reset be made. */
  readonly #transport: Socket;
  readonly #onHead: () => void;
  #chunks: Buffer[] = [];
  #consumed = 0;
  #wait: Wait | undefined;
  #gone = false;

  constructor(socket: Socket, transport: Socket, onHead: () => void) {
    this.#socket = socket;
    this.#transport = transport;
    this.#onHead = onHead;
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#gone = true;
        this.#settle();
        resolve();
      };
      socket.once('end', end);
      socket.once('close', end);
    });
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#settle();
    });
  }

  /** Everything the client has sent so far. */
  get received(): Buffer {
    const [only] = this.#chunks;
    if (only === undefined || this.#chunks.length === 1) return only ?? Buffer.alloc(0);
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  /** The next request head, its blank line included. */
  async head(): Promise<string> {
    const head = await this.until('\r\n\r\n');
    this.#onHead();
    return head;
  }

  /** The next request: head and the body that the head announces. */
  async request(): Promise<{ head: string; body: Buffer }> {
    const head = await this.head();
    if (CHUNKED.test(head)) return { head, body: Buffer.from(await this.until(/(?:^|\r\n)0\r\n(?:.+\r\n)*\r\n/u), 'latin1') };
    return { head, body: await this.bytes(Number(CONTENT_LENGTH.exec(head)?.[1] ?? 0)) };
  }

  /** The next `count` bytes. */
  bytes(count: number): Promise<Buffer> {
    return this.#read((unread) => (unread.length < count ? undefined : count));
  }

  /** Everything up to and including the mark, as Latin-1 text. */
  async until(mark: string | RegExp): Promise<string> {
    const bytes = await this.#read((unread) => {
      if (typeof mark === 'string') {
        const at = unread.indexOf(mark, 0, 'latin1');
        return at === -1 ? undefined : at + mark.length;
      }
      const match = mark.exec(unread.toString('latin1'));
      return match === null ? undefined : match.index + match[0].length;
    });
    return bytes.toString('latin1');
  }

  /** Resolves when the bytes (Latin-1 text) are with the system; quietly drops them when the client is gone. */
  async send(data: string | Uint8Array, options: SendOptions = {}): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    const pieceBytes = options.pieceBytes ?? Math.max(bytes.length, 1);
    for (let at = 0; at < bytes.length && this.#socket.writable; at += pieceBytes) {
      await new Promise<void>((resolve) => {
        this.#socket.write(bytes.subarray(at, at + pieceBytes), () => resolve());
      });
      // Lets a client of this process read the piece before the next one joins it.
      if (at + pieceBytes < bytes.length) await pollPhase();
    }
  }

  /** Ends our side (FIN, after a TLS close_notify where there is TLS). */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#socket.destroyed || this.#socket.writableFinished) resolve();
      else this.#socket.end(resolve).once('close', resolve);
    });
  }

  /** Ends the TCP connection without a TLS close_notify: how a truncation looks below TLS. The same as `close` without TLS. */
  async cut(): Promise<void> {
    this.#transport.destroy();
    await this.ended;
  }

  /**
   * Resets the connection (RST). A reset that comes together with data looks like a plain end to a Node client (libuv
   * takes a hang-up after a short read for EOF), so a client in this process gets a turn of the event loop to read what
   * was sent. A test that must be sure of it for another process opens a gate when the client has seen the data.
   */
  async reset(): Promise<void> {
    await pollPhase();
    this.#transport.resetAndDestroy();
    await this.ended;
  }

  #read(find: Wait['find']): Promise<Buffer> {
    if (this.#wait !== undefined) throw new Error('a script waits for one thing at a time');
    return new Promise((resolve, reject) => {
      this.#wait = { find, resolve, reject };
      this.#settle();
    });
  }

  #settle(): void {
    const wait = this.#wait;
    if (wait === undefined) return;
    const unread = this.received.subarray(this.#consumed);
    const length = wait.find(unread);
    if (length === undefined && !this.#gone) return;
    this.#wait = undefined;
    if (length === undefined) {
      wait.reject(new PeerClosed(`the client closed after ${this.received.length} bytes, before what the script waits for`));
      return;
    }
    this.#consumed += length;
    wait.resolve(unread.subarray(0, length));
  }
}

/** Resolves after the event loop has looked at every socket once: the poll phase lies between two immediates. */
function pollPhase(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
