import { InvalidOption } from '../errors.ts';
import type { Request } from '../request/request.ts';
import { showAsJson } from '../shown-as-json.ts';
import type { AuthFields } from './auth-fields.ts';
import type { AsyncAuthFlow, AuthExchange } from './auth.ts';
import { SingleFlight } from './single-flight.ts';

/**
 * Gives the token for a request. `refused` is the one that the server has just answered with 401, when there is one: then
 * another is asked for, once, and `undefined` or the same one leaves it at that. Requests that ask at the same time, for the same
 * reason, are given what one call comes to.
 */
export type TokenSupplier = (refused: string | undefined) => string | undefined | Promise<string | undefined>;

// Of a token, what it was replaced by: for answers that come late, and suppliers that go on giving the old one.
const mostReplaced = 16;

/**
 * A bearer token with every request (RFC 6750), or a function that gives one each time. What it gives is not kept here, but for what
 * a refused token was replaced by: requests that are refused with the same token, together or later, ask for one new token.
 * `OAuth2Auth` gets tokens from a token endpoint.
 *
 * @example
 * const auth = new BearerAuth(async (refused) => (refused === undefined ? tokens.current() : tokens.refresh(refused)));
 */
export class BearerAuth {
  static {
    showAsJson(this.prototype, 'BearerAuth');
  }

  readonly #supply: TokenSupplier;
  readonly #isFixed: boolean;
  readonly #flights = new SingleFlight<string | undefined>();
  readonly #replaced = new Map<string, string>();

  /** @throws {InvalidOption} the token is no string, or holds a space, a control character or what is not ASCII. */
  constructor(token: string | TokenSupplier) {
    this.#isFixed = typeof token !== 'function';
    if (typeof token === 'function') {
      this.#supply = token;
    } else {
      const checked = checkToken(token);
      this.#supply = () => checked;
    }
  }

  async *authFlow(request: Request, { fields }: AuthExchange): AsyncAuthFlow {
    const token = this.#newest(await this.#flights.run(undefined, () => this.#supply(undefined)));
    if (token === undefined) {
      yield request;
      return;
    }
    const response = yield bearing(request, token, fields);
    if (this.#isFixed || response.status !== fields.status) return;
    const other = await this.#replacing(token);
    if (other === undefined || other === token) return;
    const last = yield bearing(request, other, fields);
    // No better than the one before: the next request begins anew.
    if (last.status === fields.status) this.#replaced.delete(token);
  }

  #newest(token: string | undefined): string | undefined {
    let newest = token;
    for (let steps = 0; newest !== undefined && steps < mostReplaced; steps++) {
      const other = this.#replaced.get(newest);
      if (other === undefined) break;
      newest = other;
    }
    return newest;
  }

  async #replacing(token: string): Promise<string | undefined> {
    return (
      this.#replaced.get(token) ??
      this.#flights.run(token, async () => {
        const other = await this.#supply(token);
        if (other !== undefined && other !== token) this.#replace(token, other);
        return other;
      })
    );
  }

  #replace(token: string, other: string): void {
    this.#replaced.delete(other);
    this.#replaced.set(token, other);
    const oldest = this.#replaced.keys().next();
    if (this.#replaced.size > mostReplaced && oldest.done !== true) this.#replaced.delete(oldest.value);
  }

  /** For logs: without the token. */
  toJSON(): Record<string, unknown> {
    return { scheme: 'Bearer' };
  }
}

export function bearing(request: Request, token: string, fields: AuthFields): Request {
  return request.with({ headers: { [fields.credentials]: `Bearer ${checkToken(token)}` } });
}

// More than the grammar of RFC 6750 §2.1, which tokens in the wild exceed, and nothing that could end the field.
function checkToken(token: unknown): string {
  if (typeof token !== 'string') throw new InvalidOption('auth', 'has a token that is no string');
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new InvalidOption('auth', 'has a token that is empty, or with a character that no token may hold');
  return token;
}
