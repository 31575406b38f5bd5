/** A server that answers every request at once, and sends of each response what its windows allow: no octet less, and none more. */
import { Buffer } from 'node:buffer';

import { data, headers, settings, settingsAcknowledgement } from './frame-factory.ts';
import type { ScriptedServer } from './pool-harness.ts';
import { Setting } from '../../../src/protocol/http2/constants.ts';

const largestFrame = 16_384;
const octets = Buffer.alloc(largestFrame, 'x');

interface Answer {
  window: number;
  left: number;
}

export interface GreedyServerOptions {
  /** Octets of each response. */
  readonly size: number;
  /** Octets of a DATA frame. Default 16,384. */
  readonly frame?: number;
  /** Octets of each response that are sent at a time, where its window allows them. Default: all. */
  readonly pace?: number;
}

export class GreedyServer {
  /** By their streams, those that have not been sent to their end. */
  readonly answers: Map<number, Answer> = new Map<number, Answer>();
  readonly #server: ScriptedServer;
  readonly #size: number;
  readonly #frame: number;
  readonly #pace: number;
  #initialWindow = 65_535;
  #window = 65_535;
  #begun = false;

  constructor(server: ScriptedServer, { size, frame = largestFrame, pace = Infinity }: GreedyServerOptions) {
    this.#server = server;
    this.#size = size;
    this.#frame = frame;
    this.#pace = pace;
  }

  /** What all streams may send by their own windows, as far as the client's frames have been read. */
  get allowed(): number {
    let allowed = 0;
    for (const { window } of this.answers.values()) allowed += Math.max(0, window);
    return allowed;
  }

  /** Takes what the client has sent. */
  read(): void {
    const frames: Buffer[] = this.#begun ? [] : [settings([Setting.MAX_CONCURRENT_STREAMS, 10_000])];
    this.#begun = true;
    for (const line of this.#server.sent()) this.#take(line, frames);
    if (frames.length > 0) this.#server.receive(...frames);
  }

  /** The same, and sends what it may. */
  step(): void {
    this.read();
    const frames: Buffer[] = [];
    for (const [id, answer] of this.answers) this.#send(id, answer, frames);
    if (frames.length > 0) this.#server.receive(...frames);
  }

  #take(line: string, frames: Buffer[]): void {
    const [type = '', first = '', second = ''] = line.split(' ');
    if (type === 'SETTINGS' && first !== 'ACK') {
      const window = / 4=(\d+)/.exec(line)?.[1];
      if (window !== undefined) {
        for (const answer of this.answers.values()) answer.window += Number(window) - this.#initialWindow;
        this.#initialWindow = Number(window);
      }
      frames.push(settingsAcknowledgement());
    } else if (type === 'WINDOW_UPDATE') {
      if (second === '') this.#window += Number(first);
      else if (this.answers.has(Number(first))) this.answers.get(Number(first))!.window += Number(second);
    } else if (type === 'HEADERS') {
      this.answers.set(Number(first), { window: this.#initialWindow, left: this.#size });
      frames.push(headers(Number(first), [[':status', '200']]));
    } else if (type === 'RST_STREAM') {
      this.answers.delete(Number(first));
    }
  }

  #send(id: number, answer: Answer, frames: Buffer[]): void {
    for (let most = this.#pace; answer.left > 0 && most > 0;) {
      const length = Math.min(this.#frame, most, answer.left, answer.window, this.#window);
      if (length <= 0) return;
      answer.left -= length;
      answer.window -= length;
      this.#window -= length;
      most -= length;
      frames.push(data(id, octets.subarray(0, length), { endStream: answer.left === 0 }));
    }
    if (answer.left === 0) this.answers.delete(id);
  }
}
