/** Who we are: what --auth says, as the client understands it. */
import type { AuthInput } from '@x/client';
import type { Io } from '../io.ts';
import type { OptionValues } from '../options/table.ts';
import type { Session } from '../sessions/session.ts';
import { UsageError } from '../usage-error.ts';

export interface Credentials {
  readonly type: string;
  /** `user:password`, or a token. */
  readonly value: string;
}

/** Those that are given, or those that the session keeps for this origin. A password that is left out is asked for. */
export async function credentialsFor(
  origin: string,
  options: OptionValues,
  session: Session | undefined,
  io: Io,
): Promise<Credentials | undefined> {
  const { auth } = options;
  if (auth === undefined) return session?.content.origin === origin ? session.content.auth : undefined;
  const type = options['auth-type'] ?? 'basic';
  if (type === 'bearer' || auth.includes(':')) return { type, value: auth };
  if (io.askSecret === undefined)
    throw new UsageError('--auth has no password: give USER:PASSWORD, or "USER:" for an empty one; it can be asked for on a terminal only');
  return { type, value: `${auth}:${await io.askSecret(`Password of ${auth}: `)}` };
}

export async function authOf(credentials: Credentials | undefined, options: OptionValues): Promise<AuthInput | undefined> {
  const { BearerAuth, DigestAuth, NetrcAuth } = await import('@x/client');
  if (credentials === undefined) return options.netrc === true ? new NetrcAuth() : undefined;
  const { type, value } = credentials;
  if (type === 'bearer') return new BearerAuth(value);
  const colon = value.indexOf(':');
  const [user, password] = [value.slice(0, colon), value.slice(colon + 1)];
  return type === 'digest' ? new DigestAuth(user, password) : [user, password];
}
