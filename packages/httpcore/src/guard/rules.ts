/** What an operator allows or forbids beside the registries. */
import { LocalProtocolError } from '../contract/errors.ts';
import type { GuardTarget } from '../contract/guard.ts';
import { contains, networkOf, octetsOf, type Network } from './ip-address.ts';

/** One entry of `allow` or `deny`. */
export interface Rule {
  /** As it was written. */
  readonly text: string;
  matches(target: GuardTarget, address: Uint8Array | undefined): boolean;
}

/**
 * `10.1.0.0/16`, `10.1.2.3`, `fd00::/8`, `api.internal`, `*.internal`; each with a port, if wanted (`10.1.0.0/16:443`, `[fd00::/8]:443`, `api.internal:8080`);
 * or a port alone (`:22`).
 *
 * @throws {LocalProtocolError} `INVALID_OPTION`: it is none of these.
 */
export function readRule(option: 'allow' | 'deny', text: unknown): Rule {
  const parts = typeof text === 'string' ? partsOf(text) : undefined;
  if (parts === undefined) {
    const problem = 'is no network (10.0.0.0/8), address, host (api.internal, *.internal), or one of these with a port';
    throw new LocalProtocolError(`The option ${JSON.stringify(option)} of the guard: ${JSON.stringify(text)} ${problem}`, {
      code: 'INVALID_OPTION',
      phase: 'request',
    });
  }
  const { network, host, port } = parts;
  return {
    text: text as string,
    matches(target, address) {
      if (port !== undefined && target.port !== port) return false;
      if (network !== undefined) return address !== undefined && contains(network, address);
      return host === undefined || isUnder(target.host, host);
    },
  };
}

interface Parts {
  readonly network: Network | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
}

function partsOf(text: string): Parts | undefined {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/u.exec(text) ?? [];
  const name = bracketed ?? plain ?? text;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && port > 65_535) return undefined;
  if (name === '') return port === undefined ? undefined : { network: undefined, host: undefined, port };
  const network = networkOf(name);
  if (network !== undefined) return { network, host: undefined, port };
  if (bracketed !== undefined || !/^(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?$/u.test(name) || octetsOf(name) !== undefined) return undefined;
  return { network: undefined, host: hostName(name), port };
}

function isUnder(host: string, pattern: string): boolean {
  const name = hostName(host);
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;
}

/** The root's dot makes no other name. */
function hostName(host: string): string {
  return host.toLowerCase().replace(/\.$/u, '');
}
