/** Where credentials and challenges travel: the same words between a client and an origin, and between a client and its proxy. */
import type { HeaderPair } from '@x/httpcore';

import type { Request } from '../request/request.ts';

/** Which status, and which fields, a challenge and its answer have: those of a server, or those of a proxy (RFC 9110 §11). */
export interface AuthFields {
  /** The status with which it is asked for. */
  readonly status: 401 | 407;
  readonly credentials: 'authorization' | 'proxy-authorization';
  readonly challenge: 'www-authenticate' | 'proxy-authenticate';
  readonly information: 'authentication-info' | 'proxy-authentication-info';
  /** Whom the credentials are for. */
  server(request: Request): string;
  /** The request target as it stands in the request line, which Digest signs. */
  target(request: Request): string;
}

/** RFC 9110 §11.6. */
export const originFields: AuthFields = Object.freeze({
  status: 401,
  credentials: 'authorization',
  challenge: 'www-authenticate',
  information: 'authentication-info',
  server: originOf,
  target: ({ urlParts: [, , , target] }: Request) => target,
});

/** RFC 9110 §11.7. The target of what a proxy forwards is the whole URL, and that of CONNECT is host and port (RFC 9112 §3.2). */
export const proxyFields: AuthFields = Object.freeze({
  status: 407,
  credentials: 'proxy-authorization',
  challenge: 'proxy-authenticate',
  information: 'proxy-authentication-info',
  server: () => 'proxy',
  target: (request: Request) => {
    const [scheme, host, port, target] = request.urlParts;
    return request.method === 'CONNECT' ? `${host}:${port ?? (scheme === 'https' ? 443 : 80)}` : originOf(request) + target;
  },
});

/** Each value of the field, in order. `name` in lower case. */
export function fieldValues(pairs: readonly HeaderPair[], name: string): string[] {
  return pairs.filter(([candidate]) => candidate.length === name.length && candidate.toLowerCase() === name).map(([, value]) => value);
}

function originOf({ urlParts: [scheme, host, port] }: Request): string {
  return `${scheme}://${host}${port === null ? '' : `:${port}`}`;
}
