/** What a token endpoint is asked and what it answers (RFC 6749 §4.4, §5, §6). Pure. */
import { ClientError, type ClientErrorInit } from '../errors.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { Request } from '../request/request.ts';
import type { Response } from '../response/response.ts';

/** What a token endpoint has granted. */
export interface OAuth2Tokens {
  readonly accessToken: string;
  /** The one to use next; `undefined` where there is none. */
  readonly refreshToken: string | undefined;
  /** Unix time in milliseconds; `undefined`: nobody said. */
  readonly expiresAt: number | undefined;
  /** What was granted, where that is not what was asked for. */
  readonly scope: string | undefined;
}

export interface TokenQuestion {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly clientAuthentication: 'basic' | 'body';
  readonly scope: string | undefined;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * No token could be had. Codes: `TOKEN_REFUSED` (the endpoint says no: `error` is its word, such as `invalid_grant`), `TOKEN_UNREADABLE` (its answer
 * is no token response), `TOKEN_UNREACHABLE` (no answer; `cause` says why). The message shows no secret.
 */
export class TokenError extends ClientError {
  override readonly name = 'TokenError';
  /** RFC 6749 §5.2; `undefined` where the endpoint did not say. */
  readonly error: string | undefined;
  /** Of its response. */
  readonly status: number | undefined;

  constructor(message: string, init: ClientErrorInit & { readonly error?: string | undefined; readonly status?: number | undefined }) {
    super(message, init, 'TOKEN');
    this.error = init.error;
    this.status = init.status;
  }
}

/** With a refresh token, the grant of that name; else client credentials. */
export function tokenRequest(question: TokenQuestion, refreshToken: string | undefined): Request {
  const { tokenUrl, clientId, clientSecret, clientAuthentication, scope, params } = question;
  const inHeader = clientSecret !== undefined && clientAuthentication === 'basic';
  const form: [string, string][] = [
    ['grant_type', refreshToken === undefined ? 'client_credentials' : 'refresh_token'],
    ...(refreshToken === undefined ? [] : ([['refresh_token', refreshToken]] as [string, string][])),
    ...(scope === undefined ? [] : ([['scope', scope]] as [string, string][])),
    ...Object.entries(params),
    ...(inHeader ? [] : ([['client_id', clientId]] as [string, string][])),
    ...(inHeader || clientSecret === undefined ? [] : ([['client_secret', clientSecret]] as [string, string][])),
  ];
  return new Request('POST', tokenUrl, {
    form,
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...(inHeader ? { authorization: `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}` } : {}),
    },
  });
}

/** RFC 6749 §2.3.1: encoded as in a form first, so that a colon does not end the id. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/**
 * `now` is Unix time; `before`, the refresh token that was used, stays good where no other comes.
 * @throws {TokenError} it grants nothing.
 */
export function readTokens(response: Response, before: string | undefined, now: number): OAuth2Tokens {
  const { status } = response;
  const answer = jsonObject(response);
  if (status !== 200 || answer?.['access_token'] === undefined) throw refusal(response, answer);
  const { access_token: accessToken, token_type: type, expires_in: lifetime, refresh_token: refreshToken, scope } = answer;
  if (typeof accessToken !== 'string' || (type !== undefined && (typeof type !== 'string' || type.toLowerCase() !== 'bearer'))) {
    throw new TokenError('The token endpoint answered with a token that is no bearer token', { code: 'TOKEN_UNREADABLE', status });
  }
  const seconds = typeof lifetime === 'string' && /^\d+$/.test(lifetime) ? Number(lifetime) : lifetime;
  return {
    accessToken,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : before,
    expiresAt: typeof seconds === 'number' && seconds >= 0 ? now + seconds * 1000 : undefined,
    scope: typeof scope === 'string' ? scope : undefined,
  };
}

function jsonObject(response: Response): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(response.text());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function refusal(response: Response, answer: Record<string, unknown> | undefined): TokenError {
  const { status, rawHeaders } = response;
  const error = answer?.['error'];
  // RFC 6749 §5.2: printable ASCII without quote and backslash. What is more could be anything.
  if (typeof error === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(error)) {
    return new TokenError(`The token endpoint refused a token with ${JSON.stringify(error)} (${status})`, {
      code: 'TOKEN_REFUSED',
      error,
      status,
    });
  }
  const type = findHeader(rawHeaders, 'content-type') ?? 'no type';
  const problem = `The token endpoint answered ${status} with ${type.slice(0, 100)}, which is no token response (RFC 6749 §5)`;
  return new TokenError(problem, { code: status >= 400 ? 'TOKEN_REFUSED' : 'TOKEN_UNREADABLE', status });
}
