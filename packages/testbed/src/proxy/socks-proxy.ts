/** A SOCKS proxy: versions 4, 4a and 5 at one port, CONNECT alone. */
import { createServer, isIP, type Socket } from 'node:net';
import { listen, type ListenOptions } from '../server/local-server.ts';
import { FarSide } from './far-side.ts';
import { localProxy, type LocalProxy, type ProxiedRequest } from './local-proxy.ts';
import {
  Octets,
  readMethods,
  readSocks4,
  readSocks5,
  readUserAndPassword,
  SocksEnded,
  type SocksRequest,
  type SocksVersion,
} from './socks-handshake.ts';
import type { Resolve } from './target.ts';
import { resetSocket, Tunnels } from './tunnels.ts';

export interface SocksProxyOptions extends ListenOptions {
  /** Wants SOCKS5 with this user and password, and refuses everything else: SOCKS4 has no passwords. Default none. */
  readonly auth?: { readonly user: string; readonly password: string };
  /** Refuses every request with this code of SOCKS5, such as 5 for "connection refused"; to SOCKS4 with 91, unless it is one of its own. */
  readonly reply?: number;
  /** Default all of them. A client of another version is hung up on. */
  readonly versions?: readonly SocksVersion[];
  /** Names that only the proxy knows, such as `origin.test`. What it gives must be on loopback. Default none. */
  readonly resolve?: Resolve;
}

export type SocksScheme = 'socks4' | 'socks4a' | 'socks5' | 'socks5h';

export interface SocksProxy extends LocalProxy {
  /** `socks5h://127.0.0.1:49152`. Default scheme `socks5h`: names go to the proxy. */
  url(scheme?: SocksScheme): string;
}

const SUCCEEDED = 0;
const FAILED = 1;
const NOT_ALLOWED = 2;
const HOST_UNREACHABLE = 4;
const CONNECTION_REFUSED = 5;
const COMMAND_NOT_SUPPORTED = 7;
const ADDRESS_TYPE_NOT_SUPPORTED = 8;
const CONNECT = 1;
const NO_AUTHENTICATION = 0;
const USER_AND_PASSWORD = 2;
const NO_ACCEPTABLE_METHOD = 0xff;
const SOCKS4_GRANTED = 90;
const SOCKS4_FAILED = 91;
const SOCKS4_WRONG_USER = 93;

const ALL_VERSIONS: readonly SocksVersion[] = ['socks4', 'socks4a', 'socks5'];
const NO_BYTES: Buffer = Buffer.alloc(0);

export async function startSocksProxy(options: SocksProxyOptions = {}): Promise<SocksProxy> {
  const { auth, reply, versions = ALL_VERSIONS } = options;
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const listening = await listen(server, undefined, options);
  const far = new FarSide(options.resolve, undefined);
  const tunnels = new Tunnels();
  const requests: ProxiedRequest[] = [];

  server.on('connection', (socket: Socket) => void serve(socket));
  const proxy = localProxy(listening, far, { requests, tunnels });
  const authority = listening.origin.replace('http://', '');
  return Object.assign(proxy, { url: (scheme: SocksScheme = 'socks5h') => `${scheme}://${authority}` });

  async function serve(socket: Socket): Promise<void> {
    const octets = new Octets(socket);
    try {
      const request = await handshake(socket, octets);
      octets.release();
      if (request.version !== 'socks5' && auth !== undefined) refuse(socket, request, SOCKS4_WRONG_USER);
      else open(socket, request);
    } catch (error) {
      if (!(error instanceof SocksEnded)) throw error;
      octets.release();
      socket.resume().end();
    }
  }

  async function handshake(socket: Socket, octets: Octets): Promise<SocksRequest> {
    const [version] = await octets.take(1);
    if (version === 4) {
      const request = await readSocks4(octets);
      if (!versions.includes(request.version)) throw new SocksEnded('not a version that is spoken here');
      record(socket, request, auth === undefined);
      return request;
    }
    if (version !== 5 || !versions.includes('socks5')) throw new SocksEnded('not a version that is spoken here');
    const user = await admit(socket, octets);
    const request = await readSocks5(octets, user);
    record(socket, request, true);
    return request;
  }

  /** Gives the user, if there has to be one. */
  async function admit(socket: Socket, octets: Octets): Promise<string | undefined> {
    const methods = await readMethods(octets);
    const wanted = auth === undefined ? NO_AUTHENTICATION : USER_AND_PASSWORD;
    if (!methods.includes(wanted)) {
      socket.write(Buffer.of(5, NO_ACCEPTABLE_METHOD));
      recordRefused(socket, undefined);
      throw new SocksEnded('no method in common');
    }
    socket.write(Buffer.of(5, wanted));
    if (auth === undefined) return undefined;
    const { user, password } = await readUserAndPassword(octets);
    const isRight = user === auth.user && password === auth.password;
    socket.write(Buffer.of(1, isRight ? 0 : 1));
    if (isRight) return user;
    recordRefused(socket, user);
    throw new SocksEnded('not the user or not the password');
  }

  function open(socket: Socket, request: SocksRequest): void {
    const { host, port } = request;
    if (reply !== undefined) return refuse(socket, request, reply);
    if (host === undefined) return refuse(socket, request, ADDRESS_TYPE_NOT_SUPPORTED);
    if (request.command !== CONNECT) return refuse(socket, request, COMMAND_NOT_SUPPORTED);
    const target = far.connect({ host, port });
    if (target === undefined) return refuse(socket, request, NOT_ALLOWED);
    const abandon = (): void => void target.destroy();
    const fail = (error: Error): void => {
      socket.off('close', abandon);
      refuse(socket, request, codeFor(error));
    };
    socket.once('close', abandon);
    target.once('error', fail);
    target.once('connect', () => {
      socket.off('close', abandon);
      target.off('error', fail);
      answer(socket, request, SUCCEEDED, target);
      const near = { stream: socket, drop: () => void socket.destroy(), reset: () => resetSocket(socket) };
      tunnels.join(near, target, NO_BYTES);
    });
  }

  function record(socket: Socket, request: SocksRequest, authorized: boolean): void {
    const { host, port } = request;
    const written = host !== undefined && isIP(host) === 6 ? `[${host}]` : host;
    push(socket, {
      kind: request.version,
      target: written === undefined ? '' : `${written}:${port}`,
      addressType: request.addressType,
      authorized,
      ...(request.user === undefined ? {} : { user: request.user }),
    });
  }

  /** It was sent away before it could say where it wants to go. */
  function recordRefused(socket: Socket, user: string | undefined): void {
    push(socket, { kind: 'socks5', target: '', addressType: undefined, authorized: false, ...(user === undefined ? {} : { user }) });
  }

  function push(socket: Socket, request: Omit<ProxiedRequest, 'headers' | 'connection'>): void {
    const connection = listening.connectionOf(socket);
    requests.push({ ...request, headers: [], connection });
    listening.ledger.requestArrived(connection);
  }
}

function refuse(socket: Socket, request: SocksRequest, code: number): void {
  answer(socket, request, code, undefined);
  socket.resume().end();
}

/** The address that a success tells is the proxy's own, at its end towards the target. */
function answer(socket: Socket, { version }: SocksRequest, code: number, far: Socket | undefined): void {
  const isIPv6 = far?.localFamily === 'IPv6';
  const port = Buffer.alloc(2);
  port.writeUInt16BE(far?.localPort ?? 0);
  const ipv4 = Buffer.from(far === undefined || isIPv6 ? [0, 0, 0, 0] : (far.localAddress ?? '').split('.').map(Number));
  if (version !== 'socks5') {
    const rejection = code > SOCKS4_GRANTED ? code : SOCKS4_FAILED;
    socket.write(Buffer.concat([Buffer.of(0, code === SUCCEEDED ? SOCKS4_GRANTED : rejection), port, ipv4]));
    return;
  }
  // The only IPv6 address that it connects from is ::1.
  const address = isIPv6 ? Buffer.concat([Buffer.alloc(15), Buffer.of(1)]) : ipv4;
  socket.write(Buffer.concat([Buffer.of(5, code, 0, isIPv6 ? 4 : 1), address, port]));
}

function codeFor(error: Error): number {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return CONNECTION_REFUSED;
  return code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ENOTFOUND' ? HOST_UNREACHABLE : FAILED;
}
