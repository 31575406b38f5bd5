/** The recipe of the guide to proxies, for the compiler: a test compares the two. */
import type { ConnectionInfo, ProxyAuthenticator } from '@x/client';
import kerberos from 'kerberos';

/** As the package `kerberos` has it. */
interface SecurityContext {
  step(challenge: string): Promise<string>;
}

function negotiateBy(begin: (host: string) => Promise<SecurityContext>): ProxyAuthenticator {
  const tokens = new WeakMap<ConnectionInfo, string>();
  const contexts = new WeakMap<ConnectionInfo, SecurityContext>();
  return {
    rounds: 4,
    authorize: (_request, connection) => tokens.get(connection),
    async challenged({ proxy }, { headers }, connection) {
      const wanted = headers.filter(([name]) => name.toLowerCase() === 'proxy-authenticate').map(([, value]) => value);
      const negotiate = wanted.find((value) => /^negotiate\b/i.test(value));
      if (negotiate === undefined) return false;
      const context = contexts.get(connection) ?? (await begin(new URL(proxy).hostname));
      contexts.set(connection, context);
      tokens.set(connection, `Negotiate ${await context.step(negotiate.slice(10).trim())}`);
      return true;
    },
    // The connection is in: nothing more is said on it.
    accepted: (_request, _headers, connection) => void (tokens.delete(connection) && contexts.delete(connection)),
  };
}

export const auth = negotiateBy((host) => kerberos.initializeClient(`HTTP@${host}`));
