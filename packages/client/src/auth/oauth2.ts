import { TokenError, readTokens, tokenRequest, type OAuth2Tokens, type TokenQuestion } from './oauth2-token.ts';
import { systemClock, type Clock } from '../time/clock.ts';
import { InvalidOption } from '../errors.ts';
import { milliseconds } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import type { Request } from '../request/request.ts';
import { parseTarget } from '../request/url/target.ts';
import { showAsJson } from '../shown-as-json.ts';
import type { AsyncAuthFlow, AuthExchange } from './auth.ts';
import { bearing } from './bearer.ts';
import { SingleFlight } from './single-flight.ts';

/** Where tokens come from, and for whom (RFC 6749). */
export interface OAuth2Options {
  /** The token endpoint. */
  readonly tokenUrl: string | URL;
  readonly clientId: string;
  /** Absent for a public client. */
  readonly clientSecret?: string | undefined;
  /** How the endpoint is told them: `basic`, in `Authorization` (RFC 6749 §2.3.1), or `body`. Default `basic`. */
  readonly clientAuthentication?: 'basic' | 'body' | undefined;
  /** With one, tokens come by it, and by what the endpoint gives in its place; else by client credentials. */
  readonly refreshToken?: string | undefined;
  readonly scope?: string | readonly string[] | undefined;
  /** Further parameters for the endpoint, such as `audience` or `resource`. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  /**
   * The origins that get the token, such as `https://api.example.com`, and no other does, wherever a redirect leads. Default: as every `auth`,
   * the origin of `baseUrl`, or the server that a call begins with.
   */
  readonly origins?: readonly string[] | undefined;
  /** Milliseconds: so long before a token expires, another is asked for, while the present one is used on. At most half of its lifetime. Default 60,000. */
  readonly renewAhead?: number | undefined;
  /** Tokens from before, such as of a run of the program that has ended. */
  readonly tokens?: Partial<OAuth2Tokens> | undefined;
  /** Called with each grant, before it is used: the place to keep a refresh token that is good once. */
  readonly onTokens?: ((tokens: OAuth2Tokens) => void | Promise<void>) | undefined;
}

const optionNames: OptionNames<OAuth2Options> = Object.freeze({
  tokenUrl: undefined,
  clientId: undefined,
  clientSecret: undefined,
  clientAuthentication: undefined,
  refreshToken: undefined,
  scope: undefined,
  params: undefined,
  origins: undefined,
  renewAhead: undefined,
  tokens: undefined,
  onTokens: undefined,
});

/**
 * Bearer tokens from a token endpoint (OAuth 2.0, RFC 6749): by client credentials, or by a refresh token.
 *
 * All who wait for a token wait for one request. It is renewed ahead of its end without anybody waiting, and once where a server refuses it. The
 * endpoint is asked beside the calls: past interceptors, cookies and credentials of the client, over its connections and proxies. Keep one
 * `OAuth2Auth`, and share it: it is what remembers.
 *
 * @example
 * const auth = new OAuth2Auth({ tokenUrl: 'https://id.example.com/token', clientId, clientSecret, scope: ['read', 'write'] });
 * const client = new Client({ baseUrl: 'https://api.example.com', auth });
 */
export class OAuth2Auth {
  static {
    showAsJson(this.prototype, 'OAuth2Auth');
  }

  /** With `origins`, it is those that count, for redirects too. */
  readonly everyOrigin: boolean;
  readonly #question: TokenQuestion;
  readonly #origins: ReadonlySet<string> | undefined;
  readonly #renewAhead: number;
  readonly #onTokens: OAuth2Options['onTokens'];
  readonly #clock: Clock;
  readonly #flights = new SingleFlight<OAuth2Tokens>();
  #tokens: OAuth2Tokens | undefined;
  #refreshToken: string | undefined;
  /** When the present token was granted, which is when half of its life begins. */
  #since: number;

  /** @throws {InvalidOption} an option is missing, unknown or impossible. */
  constructor(options: OAuth2Options);
  /** @internal */
  constructor(options: OAuth2Options, clock: Clock);
  constructor(options: OAuth2Options, clock: Clock = systemClock) {
    const own = ownOptions(options, optionNames, 'auth');
    const clientAuthentication = own.clientAuthentication ?? 'basic';
    if (clientAuthentication !== 'basic' && clientAuthentication !== 'body') {
      throw new InvalidOption('auth.clientAuthentication', "must be 'basic' or 'body'");
    }
    const scope = own.scope === undefined || typeof own.scope === 'string' ? own.scope : own.scope.join(' ');
    this.#question = Object.freeze({
      tokenUrl: parseTarget(String(own.tokenUrl), 'auth.tokenUrl').href,
      clientId: text('auth.clientId', own.clientId),
      clientSecret: own.clientSecret === undefined ? undefined : text('auth.clientSecret', own.clientSecret),
      clientAuthentication,
      scope,
      params: Object.freeze({ ...own.params }),
    });
    this.#origins =
      own.origins === undefined ? undefined : new Set(own.origins.map((origin) => parseTarget(origin, 'auth.origins').origin));
    this.everyOrigin = this.#origins !== undefined;
    this.#renewAhead = own.renewAhead === undefined ? 60_000 : milliseconds('auth.renewAhead', own.renewAhead);
    if (own.onTokens !== undefined && typeof own.onTokens !== 'function') throw new InvalidOption('auth.onTokens', 'must be a function');
    this.#onTokens = own.onTokens;
    this.#clock = clock;
    const { accessToken, refreshToken, expiresAt, scope: granted } = own.tokens ?? {};
    this.#refreshToken = refreshToken ?? own.refreshToken;
    this.#tokens = accessToken === undefined ? undefined : { accessToken, refreshToken: this.#refreshToken, expiresAt, scope: granted };
    this.#since = clock.today();
  }

  /** The grant that is in use; `undefined` before the first. */
  get tokens(): OAuth2Tokens | undefined {
    return this.#tokens;
  }

  async *authFlow(request: Request, { fields, sendAside }: AuthExchange): AsyncAuthFlow {
    if (this.#origins?.has(originOf(request)) === false || fields.status !== 401) {
      yield request;
      return;
    }
    const { accessToken } = await this.#current(sendAside);
    const response = yield bearing(request, accessToken, fields);
    if (response.status !== fields.status) return;
    // Somebody else may have had the same refused, and another granted.
    const other = this.#tokens?.accessToken === accessToken ? await this.#renew(sendAside) : await this.#current(sendAside);
    if (other.accessToken !== accessToken) yield bearing(request, other.accessToken, fields);
  }

  /** One that is good, now and for a while. */
  #current(sendAside: AuthExchange['sendAside']): OAuth2Tokens | Promise<OAuth2Tokens> {
    const tokens = this.#tokens;
    if (tokens === undefined) return this.#renew(sendAside);
    const { expiresAt = Infinity } = tokens;
    const now = this.#clock.today();
    if (now >= expiresAt) return this.#renew(sendAside);
    // What goes wrong is told when the present one is of no use any more.
    if (now >= expiresAt - Math.min(this.#renewAhead, (expiresAt - this.#since) / 2)) this.#renew(sendAside).catch(() => {});
    return tokens;
  }

  #renew(sendAside: AuthExchange['sendAside']): Promise<OAuth2Tokens> {
    return this.#flights.run('token', async () => {
      if (sendAside === undefined) throw new TokenError('There is no client to ask the token endpoint with', { code: 'TOKEN_UNREACHABLE' });
      const asked = this.#clock.today();
      const response = await sendAside(tokenRequest(this.#question, this.#refreshToken)).catch((cause: unknown) => {
        throw new TokenError('The token endpoint could not be asked', { code: 'TOKEN_UNREACHABLE', cause });
      });
      // By our clock from before it was asked: early rather than late.
      const tokens = readTokens(response, this.#refreshToken, asked);
      // The old one may be spent already, so it is the new one that counts, whatever its keeper says.
      this.#refreshToken = tokens.refreshToken;
      this.#tokens = Object.freeze(tokens);
      this.#since = asked;
      await this.#onTokens?.(tokens);
      return tokens;
    });
  }

  /** For logs: without secrets. */
  toJSON(): Record<string, unknown> {
    const grant = this.#refreshToken === undefined ? 'client_credentials' : 'refresh_token';
    return { scheme: 'Bearer', grant, scope: this.#question.scope, expiresAt: this.#tokens?.expiresAt };
  }
}

function originOf({ urlParts: [scheme, host, port] }: Request): string {
  return `${scheme}://${host}${port === null ? '' : `:${port}`}`;
}

function text(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new InvalidOption(option, 'must be a string that is not empty');
  return value;
}
