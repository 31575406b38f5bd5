/** A scheme of several rounds, each of them about one connection, as Negotiate is with Kerberos and NTLM: the proxy's side, and ours. */
import { createServer, request as sendRequest, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import type { ConnectionInfo, HeaderPair, ProxiedRequest, ProxyAuthenticator, ProxyChallenge } from '../../../src/index.ts';

export interface RoundsProxyOptions {
  readonly rounds: number;
  /** Ends the connection instead of answering in this round, so many times. */
  readonly closeIn?: { readonly round: number; times: number };
  /** Says `Connection: close` with the answer of this round. */
  readonly endAfter?: { readonly round: number; times: number };
  /** What comes with a 407. */
  readonly body?: string;
}

export interface RoundsProxy extends AsyncDisposable {
  readonly url: string;
  /** What each connection was told, in order: a token, or nothing. */
  readonly said: (string | undefined)[][];
}

/** What answers a challenge. */
const reversed = (text: string): string => [...text].reverse().join('');

export async function startRoundsProxy({ rounds, closeIn, endAfter, body = 'who are you?' }: RoundsProxyOptions): Promise<RoundsProxy> {
  const said: (string | undefined)[][] = [];
  const sockets = new Map<Socket, { readonly told: (string | undefined)[]; round: number; wanted: string | undefined }>();
  const server = createServer({ keepAliveTimeout: 0 });
  server.on('connection', (socket) => {
    // A parser is made anew behind a CONNECT; the connection is the same.
    if (sockets.has(socket)) return;
    const told: (string | undefined)[] = [];
    said.push(told);
    sockets.set(socket, { told, round: 0, wanted: undefined });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });

  /** The challenge; `undefined` for a connection that is in, `null` where it has been closed. */
  function challengeFor(request: IncomingMessage): string | null | undefined {
    const state = sockets.get(request.socket)!;
    const token = request.headers['proxy-authorization'];
    state.told.push(token);
    if (state.round === rounds) return undefined;
    if (state.wanted !== undefined && token === `Rounds ${state.wanted}`) state.round += 1;
    else state.round = 0;
    if (closeIn !== undefined && closeIn.times > 0 && state.round === closeIn.round) {
      closeIn.times -= 1;
      request.socket.destroy();
      return null;
    }
    if (state.round === rounds) return undefined;
    const challenge = `${said.indexOf(state.told)}-${state.round}-${Math.random().toString(36).slice(2)}`;
    state.wanted = reversed(challenge);
    return `Rounds ${challenge}`;
  }

  function fieldsOf(request: IncomingMessage, challenge: string): Record<string, string | number> {
    const fields = { 'proxy-authenticate': challenge, 'content-length': body.length };
    const ends = endAfter !== undefined && endAfter.times > 0 && sockets.get(request.socket)!.round === endAfter.round;
    if (!ends) return fields;
    endAfter.times -= 1;
    return { ...fields, connection: 'close' };
  }

  server.on('request', (request, response) => {
    request.resume();
    const challenge = challengeFor(request);
    if (challenge === null) return;
    if (challenge !== undefined) {
      response.writeHead(407, fieldsOf(request, challenge)).end(body);
      return;
    }
    const target = new URL(request.url!);
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const upstream = sendRequest({ port: target.port, method: request.method!, path: target.pathname, headers, agent: false }, (answer) => {
      const { connection: _ended, ...fields } = answer.headers;
      response.writeHead(answer.statusCode!, fields);
      answer.pipe(response);
    });
    upstream.end();
  });
  server.on('connect', (request, stream) => {
    const socket = stream as Socket;
    const challenge = challengeFor(request);
    if (challenge === null) return;
    if (challenge === undefined) {
      const far = connect(Number(request.url!.split(':')[1]), '127.0.0.1', () => socket.write('HTTP/1.1 200 in\r\n\r\n'));
      far.on('error', () => socket.destroy());
      socket.on('error', () => far.destroy()).on('close', () => far.destroy());
      socket.pipe(far).pipe(socket);
      return;
    }
    const fields = fieldsOf(request, challenge);
    const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 407 no\r\n${head.join('')}\r\n${body}`);
    if ('connection' in fields) socket.end();
    else server.emit('connection', socket);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    said,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.keys()) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers in its own time, and keeps what each connection was asked. */
export class RoundsAuthenticator implements ProxyAuthenticator {
  readonly rounds: number | undefined;
  accepts = 0;
  /** Called before each answer. */
  onAuthorize: (request: ProxiedRequest, token: string | undefined) => void | Promise<void> = () => {};
  readonly #challenges = new WeakMap<ConnectionInfo, string>();

  constructor(rounds?: number) {
    this.rounds = rounds;
  }

  async authorize(request: ProxiedRequest, connection: ConnectionInfo): Promise<string | undefined> {
    const challenge = this.#challenges.get(connection);
    this.#challenges.delete(connection);
    await this.onAuthorize(request, challenge);
    return challenge === undefined ? undefined : `Rounds ${reversed(challenge)}`;
  }

  async challenged(_request: ProxiedRequest, { headers }: ProxyChallenge, connection: ConnectionInfo): Promise<boolean> {
    await Promise.resolve();
    const [, challenge] = /^Rounds (\S+)$/.exec(headers.find(([name]) => name.toLowerCase() === 'proxy-authenticate')?.[1] ?? '') ?? [];
    if (challenge === undefined) return false;
    this.#challenges.set(connection, challenge);
    return true;
  }

  accepted(_request: ProxiedRequest, _headers: readonly HeaderPair[], _connection: ConnectionInfo): void {
    this.accepts += 1;
  }
}
