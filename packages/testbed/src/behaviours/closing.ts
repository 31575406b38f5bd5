import type { Socket } from 'node:net';
import type { Behaviour } from '../server/http-server.ts';
import { answerText } from './answers.ts';

export interface ClosingOptions {
  /** Responses on one connection before it closes. Default 1. */
  readonly after?: number;
  /**
   * How it closes. `announced` (default): the last response says `Connection: close`. `silent`: right after the last
   * response, without a word. `on-next-request`: when one more request arrives, which gets no answer: the race that every
   * kept connection can lose.
   */
  readonly how?: 'announced' | 'silent' | 'on-next-request';
  /** Seconds in a `Keep-Alive: timeout=n` header on every response. Default: no such header. */
  readonly hint?: number;
}

/** Closes its connections after some responses, politely or not. Each response's text is its number on the connection. */
export function closing(options: ClosingOptions = {}): Behaviour {
  const { after = 1, how = 'announced', hint } = options;
  const served = new WeakMap<Socket, number>();
  return {
    handle(request, response) {
      request.resume();
      const { socket } = request;
      const number = (served.get(socket) ?? 0) + 1;
      served.set(socket, number);
      if (number > after) {
        socket.destroy();
        return;
      }
      const last = number === after;
      if (last && how === 'silent') response.once('finish', () => socket.end());
      answerText(response, 200, String(number), {
        ...(hint === undefined ? {} : { 'Keep-Alive': `timeout=${hint}` }),
        ...(last && how === 'announced' ? { Connection: 'close' } : { Connection: 'keep-alive' }),
      });
    },
    extras: {},
  };
}
