/** What a proxy wants to know of its clients (RFC 9110 §11.7). */
import { DigestVerifier, type SignedRequest } from '../authentication/digest-verifier.ts';

export interface BasicProxyAuth {
  readonly scheme: 'basic';
  readonly user: string;
  readonly password: string;
}

export interface DigestProxyAuth {
  readonly scheme: 'digest';
  readonly user: string;
  readonly password: string;
  /** Default `SHA-256`. */
  readonly algorithm?: string;
  /** Default `auth`; `null` is a server of RFC 2069, which knows none. */
  readonly qop?: string | null;
  /** How many requests a nonce is good for; the next one is stale. Default any number. */
  readonly uses?: number;
}

export type ProxyAuth = BasicProxyAuth | DigestProxyAuth;

/** The challenges for one who is not admitted; `undefined` for one who is. */
export type ProxyGuard = (request: SignedRequest) => string[] | undefined;

export function proxyGuard(auth: ProxyAuth | undefined): ProxyGuard {
  if (auth === undefined) return () => undefined;
  const { user, password } = auth;
  if (auth.scheme === 'basic') {
    const token = Buffer.from(`${user}:${password}`).toString('base64');
    return ({ credentials }) => (isBasic(credentials, token) ? undefined : ['Basic realm="testbed", charset="UTF-8"']);
  }
  const verifier = new DigestVerifier({
    user,
    password,
    algorithms: [auth.algorithm ?? 'SHA-256'],
    ...(auth.qop === undefined ? {} : { qop: auth.qop }),
    ...(auth.uses === undefined ? {} : { uses: auth.uses }),
  });
  return (request) => {
    const verdict = verifier.verify(request);
    return verdict.admitted ? undefined : verdict.challenges;
  };
}

function isBasic(credentials: string | undefined, token: string): boolean {
  const [, given] = /^basic +(\S+) *$/iu.exec(credentials ?? '') ?? [];
  return given === token;
}
