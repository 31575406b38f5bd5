/** The server's side of SOCKS: the questions of versions 4, 4a and 5 (RFC 1928, RFC 1929), told apart by their first octet. */
import type { Socket } from 'node:net';

export type SocksVersion = 'socks4' | 'socks4a' | 'socks5';

export interface SocksRequest {
  readonly version: SocksVersion;
  readonly command: number;
  /** Without brackets; `undefined` for a type of address that SOCKS5 does not have. */
  readonly host: string | undefined;
  readonly port: number;
  readonly addressType: 'ipv4' | 'ipv6' | 'name' | undefined;
  readonly user: string | undefined;
}

/** The client went away, or says what SOCKS has no place for. */
export class SocksEnded extends Error {
  override readonly name = 'SocksEnded';
}

const NEWS = ['readable', 'end', 'close'] as const;
/** Octets of a text that ends with a NUL; no version has longer ones. */
const MAX_TEXT = 255;

/** The octets of a handshake; what follows them stays in the socket. */
export class Octets {
  readonly #socket: Socket;
  #onNews: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    // One listener for all of it: adding one tells at once of what is there, be it enough or not.
    for (const event of NEWS) socket.on(event, this.#tell);
  }

  /** The next ones. @throws {SocksEnded} */
  async take(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    const socket = this.#socket;
    for (;;) {
      const bytes = socket.read(count) as Buffer | null;
      if (bytes !== null && bytes.length === count) return bytes;
      if (bytes !== null || socket.readableEnded || socket.destroyed) throw new SocksEnded('the client ended its side');
      await new Promise<void>((resolve) => {
        this.#onNews = resolve;
      });
    }
  }

  /** Those up to a NUL, as text. @throws {SocksEnded} */
  async takeText(): Promise<string> {
    const octets: number[] = [];
    for (;;) {
      const [octet = 0] = await this.take(1);
      if (octet === 0) return Buffer.from(octets).toString('latin1');
      if (octets.length === MAX_TEXT) throw new SocksEnded('a text without an end');
      octets.push(octet);
    }
  }

  /** Leaves the socket to whoever comes next. */
  release(): void {
    for (const event of NEWS) this.#socket.off(event, this.#tell);
  }

  readonly #tell = (): void => this.#onNews();
}

/** The rest of a request of SOCKS4 or 4a, after its version. */
export async function readSocks4(octets: Octets): Promise<SocksRequest> {
  const fixed = await octets.take(7);
  const address = fixed.subarray(3);
  const user = await octets.takeText();
  // 0.0.0.x, which no host has, announces a name.
  const hasName = address.readUInt32BE() < 256 && address[3] !== 0;
  return {
    version: hasName ? 'socks4a' : 'socks4',
    command: fixed[0] ?? 0,
    host: hasName ? await octets.takeText() : address.join('.'),
    port: fixed.readUInt16BE(1),
    addressType: hasName ? 'name' : 'ipv4',
    user,
  };
}

/** The methods of authentication that a client of SOCKS5 offers. */
export async function readMethods(octets: Octets): Promise<readonly number[]> {
  const [count = 0] = await octets.take(1);
  return [...(await octets.take(count))];
}

export async function readUserAndPassword(octets: Octets): Promise<{ user: string; password: string }> {
  const [version, length = 0] = await octets.take(2);
  if (version !== 1) throw new SocksEnded('not a version of user and password');
  const user = await octets.take(length);
  const [rest = 0] = await octets.take(1);
  return { user: user.toString(), password: (await octets.take(rest)).toString() };
}

/** A request of SOCKS5, its version included. */
export async function readSocks5(octets: Octets, user: string | undefined): Promise<SocksRequest> {
  const [version, command = 0, , type] = await octets.take(4);
  if (version !== 5) throw new SocksEnded('not a request of SOCKS5');
  const [host, addressType] = await readAddress(octets, type ?? 0);
  const port = host === undefined ? 0 : (await octets.take(2)).readUInt16BE();
  return { version: 'socks5', command, host, port, addressType, user };
}

async function readAddress(octets: Octets, type: number): Promise<[host: string | undefined, type: SocksRequest['addressType']]> {
  if (type === 1) return [(await octets.take(4)).join('.'), 'ipv4'];
  if (type === 4) return [ipv6Text(await octets.take(16)), 'ipv6'];
  if (type !== 3) return [undefined, undefined];
  const [length = 0] = await octets.take(1);
  return [(await octets.take(length)).toString('latin1'), 'name'];
}

/** As RFC 5952 writes it: the URL parser knows how. */
function ipv6Text(bytes: Buffer): string {
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => bytes.readUInt16BE(at).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
