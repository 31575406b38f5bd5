/** Who a client and a call say that they are, which of it counts, and for whom it was meant. */
import type { UrlParts } from '@x/httpcore';

import type { Auth, AuthInput } from './auth.ts';
import { BasicAuth } from './basic.ts';
import { readAuth } from './read-auth.ts';
import type { Request } from '../request/request.ts';
import { sameOrigin } from '../request/url/same-origin.ts';

export interface AuthSettings {
  /** `null` says that there is to be none; `undefined` says nothing. */
  readonly stated: Auth | null | undefined;
  /** What holds where nobody says anything. */
  readonly fallback: Auth | undefined;
  /** What follows. */
  readonly auth: Auth | undefined;
  /** Whom it was given for; `undefined` means the server that a call begins with. */
  readonly origin: UrlParts | undefined;
  /** Does it come from the call itself? Then it counts more than an `Authorization` field of the request. */
  readonly isOfCall: boolean;
}

export const noAuth: AuthSettings = Object.freeze({
  stated: undefined,
  fallback: undefined,
  auth: undefined,
  origin: undefined,
  isOfCall: false,
});

/** @throws {InvalidOption} it is none of the forms. */
export function clientAuth(
  inherited: Auth | null | undefined,
  input: AuthInput | null | undefined,
  fallback: Auth | undefined,
  origin: UrlParts | undefined,
): AuthSettings {
  const stated = input === undefined ? inherited : input === null ? null : readAuth(input);
  return { stated, fallback, auth: stated === undefined ? fallback : (stated ?? undefined), origin, isOfCall: false };
}

/** @throws {InvalidOption} as {@link clientAuth}. */
export function callAuth(client: AuthSettings, input: AuthInput | null | undefined): AuthSettings {
  if (input === undefined) return client;
  return { ...clientAuth(undefined, input, undefined, undefined), isOfCall: true };
}

/**
 * Does `auth` take the place of the credentials that stand in a URL? What a call says always does, and so does a client's that is
 * more than Basic: nobody's password is sent readable who has asked for Digest, or for a flow of his own. To netrc, a user in a URL
 * is a question.
 */
export function replacesUrlCredentials({ stated, auth, origin, isOfCall }: AuthSettings, { urlParts }: Request): boolean {
  if (auth?.completesUser === true) return false;
  if (isOfCall) return true;
  return (
    stated !== undefined && stated !== null && !(stated instanceof BasicAuth) && (origin === undefined || sameOrigin(urlParts, origin))
  );
}
