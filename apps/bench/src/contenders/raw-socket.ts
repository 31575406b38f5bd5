/**
 * The floor: what the sockets themselves cost in JavaScript. Fixed bytes are written and the bytes of the answer are counted;
 * nothing is parsed, and no promise is made per request. How long an answer is, a probe has found out before.
 */
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Budget } from '../child/budget.ts';
import type { Workload } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { WrongAnswer, type OpenContender } from './contender.ts';

type Finished = (error: Error | null) => void;

/** Every socket reads into it: what has been counted is not looked at again. */
const readBuffer = new Uint8Array(64 * 1024);

export const open: OpenContender = async (workload) => {
  const head = requestHead(workload);
  const answerBytes = await probeAnswer(workload, head);
  const lanes = Array.from({ length: workload.concurrency }, () => new Lane(workload, head, answerBytes));
  return {
    run(budget) {
      return new Promise((resolve, reject) => {
        let running = lanes.length;
        const finished: Finished = (error) => {
          if (error !== null) {
            budget.stop();
            reject(error);
          } else if (--running === 0) {
            resolve();
          }
        };
        for (const lane of lanes) lane.begin(budget, finished);
      });
    },
    async close() {
      for (const lane of lanes) lane.close();
    },
  };
};

/** One connection at a time, one exchange at a time on it. */
class Lane {
  readonly #workload: Workload;
  readonly #head: Buffer;
  readonly #answerBytes: number;
  #socket: Socket | null = null;
  #missing = 0;
  #budget: Budget | null = null;
  #finished: Finished = () => {};

  constructor(workload: Workload, head: Buffer, answerBytes: number) {
    this.#workload = workload;
    this.#head = head;
    this.#answerBytes = answerBytes;
  }

  begin(budget: Budget, finished: Finished): void {
    this.#budget = budget;
    this.#finished = finished;
    this.#next();
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
  }

  #next(): void {
    if (this.#budget?.take() !== true) {
      this.#finished(null);
      return;
    }
    if (this.#workload.freshConnections) this.close();
    this.#socket ??= this.#connect();
    this.#missing = this.#answerBytes;
    this.#socket.write(this.#head);
    if (this.#workload.uploadBytes > 0) sendChunks(this.#socket, this.#workload.uploadBytes);
  }

  #connect(): Socket {
    const socket = openSocket(this.#workload, (bytes) => {
      this.#missing -= bytes;
      if (this.#missing === 0) this.#next();
      else if (this.#missing < 0) this.#fail(new WrongAnswer(`The answer has ${-this.#missing} bytes more than the probe saw.`));
    });
    socket.once('error', (error) => this.#fail(error));
    socket.once('close', () => {
      // A close in the middle of an answer; `close()` has let go of the socket before it destroys it.
      if (this.#socket === socket && this.#missing > 0) this.#fail(new WrongAnswer('The server closed before its answer was whole.'));
    });
    return socket;
  }

  #fail(error: Error): void {
    this.close();
    this.#finished(error);
  }
}

function openSocket(workload: Workload, onBytes: (bytes: number) => void): Socket {
  const onread = {
    buffer: readBuffer,
    callback(bytes: number): boolean {
      onBytes(bytes);
      return true;
    },
  };
  const options: TcpNetConnectOpts = { host: workload.host, port: workload.port, noDelay: true, onread };
  return secured(workload) ? connectTls(options as ConnectionOptions) : connectTcp(options);
}

function secured(workload: Workload): boolean {
  return workload.scheme === 'https';
}

function requestHead(workload: Workload): Buffer {
  const { host, port, target, uploadBytes } = workload;
  const start = uploadBytes > 0 ? 'POST' : 'GET';
  const framing = uploadBytes > 0 ? `content-length: ${uploadBytes}\r\n` : '';
  return Buffer.from(`${start} ${target} HTTP/1.1\r\nhost: ${host}:${port}\r\n${framing}\r\n`, 'latin1');
}

function sendChunks(socket: Socket, bytes: number): void {
  const chunks = uploadChunks(bytes);
  const send = (): void => {
    for (;;) {
      const chunk = chunks.next();
      if (chunk.done === true) return;
      if (!socket.write(chunk.value)) {
        socket.once('drain', send);
        return;
      }
    }
  };
  send();
}

/** Makes one exchange and returns the number of bytes of the whole answer, head included. */
function probeAnswer(workload: Workload, head: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const where = { host: workload.host, port: workload.port };
    const socket = secured(workload) ? connectTls(where) : connectTcp(where);
    let text = '';
    let received = 0;
    let expected = Number.POSITIVE_INFINITY;
    socket.once('error', reject);
    socket.once('close', () => reject(new WrongAnswer(`The server closed after ${received} bytes of its answer.`)));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (expected === Number.POSITIVE_INFINITY) {
        text += chunk.toString('latin1');
        try {
          expected = answerLength(text) ?? expected;
        } catch (error) {
          socket.destroy(error as Error);
          return;
        }
      }
      if (received < expected) return;
      if (received > expected) reject(new WrongAnswer(`The server sent ${received - expected} bytes after its answer.`));
      else resolve(expected);
      socket.destroy();
    });
    socket.write(head);
    if (workload.uploadBytes > 0) sendChunks(socket, workload.uploadBytes);
  });
}

/** Head and body together, as soon as the head is whole. Enough for servers of our own, which always announce a length. */
function answerLength(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const length = /^content-length: *(\d+) *$/imu.exec(head)?.[1];
  if (!head.startsWith('HTTP/1.1 200 ') || length === undefined) {
    throw new WrongAnswer(`The floor needs a 200 with Content-Length, got "${head.slice(0, 200)}".`);
  }
  return end + 4 + Number(length);
}
