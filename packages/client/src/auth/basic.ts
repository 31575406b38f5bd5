import type { PromptAuthenticator } from './prompt-authenticator.ts';

import { InvalidOption } from '../errors.ts';
import type { Request } from '../request/request.ts';
import { showAsJson } from '../shown-as-json.ts';
import type { AuthExchange, AuthFlow } from './auth.ts';

/**
 * User and password, with every request (RFC 7617): the server need not ask first. They travel readable, so use it over TLS.
 * `auth: [user, password]` is the same.
 *
 * @example
 * const client = new Client({ baseUrl: 'https://api.example.com', auth: new BasicAuth('ada', 'lovelace') });
 */
export class BasicAuth {
  static {
    showAsJson(this.prototype, 'BasicAuth');
  }

  readonly #credentials: string;

  /** @throws {InvalidOption} the user holds a colon, which would end it, or one of them a control character. */
  constructor(user: string, password: string) {
    this.#credentials = basicCredentials(user, password);
  }

  *authFlow(request: Request, { fields }: AuthExchange): AuthFlow {
    yield request.with({ headers: { [fields.credentials]: this.#credentials } });
  }

  /** @internal The same, for a proxy. */
  forProxy(): PromptAuthenticator {
    const credentials = this.#credentials;
    return { authorize: () => credentials, challenged: () => false };
  }

  /** For logs: without the credentials. */
  toJSON(): Record<string, unknown> {
    return { scheme: 'Basic' };
  }
}

/**
 * What follows `Authorization:`, with user and password as UTF-8 (RFC 7617 §2.1).
 * @throws {InvalidOption} as {@link BasicAuth}.
 */
export function basicCredentials(user: string, password: string, option = 'auth'): string {
  checkUser(user, option);
  checkPassword(password, option);
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

/** Whom credentials of Basic name; `undefined` for others. */
export function userOf(credentials: string): { readonly user: string; readonly password: string } | undefined {
  const [, token] = /^Basic ([A-Za-z0-9+/=]+)$/.exec(credentials) ?? [];
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

export function checkUser(user: unknown, option: string): asserts user is string {
  checkPrintable(user, 'user', option);
  if (user.includes(':')) throw new InvalidOption(option, 'has a colon in the user, which neither Basic nor Digest can carry');
}

export function checkPassword(password: unknown, option: string): asserts password is string {
  checkPrintable(password, 'password', option);
}

function checkPrintable(text: unknown, name: string, option: string): asserts text is string {
  if (typeof text !== 'string') throw new InvalidOption(option, `has a ${name} that is no string`);
  if (/\p{Cc}/u.test(text)) throw new InvalidOption(option, `has a control character in the ${name}`);
}
