/** Where clients ask a proxy to connect to, and what of that is on this machine. */
import { isIP } from 'node:net';

export interface Target {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Gives the address that a name stands for, `undefined` for one that it does not know. */
export type Resolve = (host: string) => string | undefined;

const HOST_AND_PORT = /^(?:\[([\da-f:.]+)\]|([^\s:/?#@[\]]+)):(\d{1,5})$/iu;

/** `host:port`, the port not left out (RFC 9112 §3.2.3); `undefined` for anything else. */
export function parseTarget(text: string): Target | undefined {
  const [, address, name, digits = ''] = HOST_AND_PORT.exec(text) ?? [];
  const host = address ?? name;
  const port = Number(digits);
  if (host === undefined || port === 0 || port > 65_535 || (address !== undefined && isIP(address) !== 6)) return undefined;
  return { host, port };
}

export function addressTypeOf(host: string): 'ipv4' | 'ipv6' | 'name' {
  const family = isIP(host);
  if (family === 0) return 'name';
  return family === 4 ? 'ipv4' : 'ipv6';
}

/** The address to connect to; `undefined` for all that is not known to be on this machine. */
export function loopbackAddress(host: string, resolve: Resolve | undefined): string | undefined {
  const address = resolve?.(host) ?? host;
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.')) ? address : undefined;
}
