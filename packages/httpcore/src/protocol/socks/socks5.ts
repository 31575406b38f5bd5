/**
 * SOCKS5 (RFC 1928), with user and password (RFC 1929) where there are any:
 *
 *   greeting         5 · count · methods                                answer   5 · method
 *   authentication   1 · length · user · length · password              answer   1 · status
 *   request          5 · 1 (connect) · 0 · type · address · port (2)    reply    5 · code · 0 · type · address · port (2)
 */
import { Buffer } from 'node:buffer';

import type { SocksCredentials } from './credentials.ts';
import type { SocksDialogue, SocksMove, SocksState } from './handshake.ts';
import { brokenProtocol, socks5Refusal, socks5Succeeded, unauthorised } from './socks-replies.ts';
import type { SocksDestination } from './target.ts';

const version = 5;
/** Of RFC 1929's own messages. */
const authenticationVersion = 1;

const Method = { NONE: 0, USER_AND_PASSWORD: 2, NONE_ACCEPTABLE: 0xff } as const;
const AddressType = { IPV4: 1, NAME: 3, IPV6: 4 } as const;
const typeOf = { ipv4: AddressType.IPV4, name: AddressType.NAME, ipv6: AddressType.IPV6 } as const;

export class Socks5Dialogue implements SocksDialogue {
  readonly #greeting: Uint8Array;
  readonly #authentication: Buffer | null;
  readonly #request: Buffer;

  constructor({ kind, host, port }: SocksDestination, credentials: SocksCredentials | undefined) {
    const methods = credentials === undefined ? [Method.NONE] : [Method.NONE, Method.USER_AND_PASSWORD];
    this.#greeting = Uint8Array.of(version, methods.length, ...methods);
    this.#authentication = credentials === undefined ? null : authentication(credentials);
    this.#request = Buffer.concat([Uint8Array.of(version, 1, 0, typeOf[kind]), kind === 'name' ? withLength(host) : host, port]);
  }

  open(): SocksMove {
    return { event: 'greet', taken: 0, message: this.#greeting };
  }

  answer(state: SocksState, received: Uint8Array): SocksMove | null {
    if (state === 'greeting') return this.#readMethod(received);
    if (state === 'authentication') return this.#readStatus(received);
    return readReply(received);
  }

  #readMethod(received: Uint8Array): SocksMove | null {
    const [first, method] = received;
    if (first !== undefined && first !== version) return wrongVersion(first);
    switch (method) {
      case undefined:
        return null;
      case Method.NONE:
        return { event: 'request', taken: 2, message: this.#request };
      case Method.USER_AND_PASSWORD:
        if (this.#authentication !== null) return { event: 'authenticate', taken: 2, message: this.#authentication };
        break;
      case Method.NONE_ACCEPTABLE:
        return this.#authentication === null
          ? unauthorised('The SOCKS5 proxy lets nobody in without credentials, and it was given none')
          : unauthorised('The SOCKS5 proxy accepts neither a user with a password nor anybody without');
      default:
    }
    return brokenProtocol(`The SOCKS5 proxy chose the authentication method ${method}, which was not offered`);
  }

  #readStatus(received: Uint8Array): SocksMove | null {
    const [first, status] = received;
    if (first !== undefined && first !== authenticationVersion) {
      return brokenProtocol(`The SOCKS5 proxy answered the credentials with version ${first} instead of ${authenticationVersion}`);
    }
    if (status === undefined) return null;
    if (status !== 0) return unauthorised(`The SOCKS5 proxy did not accept the user and the password (status ${status})`);
    return { event: 'request', taken: 2, message: this.#request };
  }
}

/** A refusal is one by its second octet: not all servers send the rest of it. */
function readReply(received: Uint8Array): SocksMove | null {
  const [first, code, reserved, type, nameLength] = received;
  if (first !== undefined && first !== version) return wrongVersion(first);
  if (code !== undefined && code !== socks5Succeeded) return socks5Refusal(code);
  if (reserved !== undefined && reserved !== 0)
    return brokenProtocol(`The reserved octet of the SOCKS5 proxy's reply is ${reserved} instead of 0`);
  if (type === undefined) return null;
  // The address that the proxy connects from. It says nothing that we need, but what follows it is the tunnel's.
  let addressLength: number;
  switch (type) {
    case AddressType.IPV4:
      addressLength = 4;
      break;
    case AddressType.IPV6:
      addressLength = 16;
      break;
    case AddressType.NAME:
      if (nameLength === undefined) return null;
      addressLength = 1 + nameLength;
      break;
    default:
      return brokenProtocol(`The SOCKS5 proxy's reply has an address of type ${type}, which does not exist`);
  }
  const length = 4 + addressLength + 2;
  return received.length < length ? null : { event: 'establish', taken: length };
}

function wrongVersion(first: number): SocksMove {
  return brokenProtocol(`An answer of a SOCKS5 proxy begins with 5, this one with ${first}`);
}

function authentication({ user, password }: SocksCredentials): Buffer {
  return Buffer.concat([Uint8Array.of(authenticationVersion), withLength(Buffer.from(user)), withLength(Buffer.from(password))]);
}

/** What comes here has been checked: it has no more octets than one octet can count. */
function withLength(octets: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(octets.length), octets]);
}
