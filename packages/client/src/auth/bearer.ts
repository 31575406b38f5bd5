import { InvalidOption } from '../errors.ts';
import type { Request } from '../request/request.ts';
import { showAsJson } from '../shown-as-json.ts';
import type { AsyncAuthFlow, AuthExchange } from './auth.ts';

/**
 * Gives the token for a request. `refused` is the one that the server has just answered with 401, when there is one: then
 * another is asked for, once, and `undefined` or the same one leaves it at that.
 */
export type TokenSupplier = (refused: string | undefined) => string | undefined | Promise<string | undefined>;

/**
 * A bearer token with every request (RFC 6750), or a function that gives one each time. What it gives is not kept here.
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
    const token = await this.#supply(undefined);
    if (token === undefined) {
      yield request;
      return;
    }
    const response = yield request.with({ headers: { [fields.credentials]: `Bearer ${checkToken(token)}` } });
    if (this.#isFixed || response.status !== fields.status) return;
    const other = await this.#supply(token);
    if (other === undefined || other === token) return;
    yield request.with({ headers: { [fields.credentials]: `Bearer ${checkToken(other)}` } });
  }

  /** For logs: without the token. */
  toJSON(): Record<string, unknown> {
    return { scheme: 'Bearer' };
  }
}

// More than the grammar of RFC 6750 §2.1, which tokens in the wild exceed, and nothing that could end the field.
function checkToken(token: unknown): string {
  if (typeof token !== 'string') throw new InvalidOption('auth', 'has a token that is no string');
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new InvalidOption('auth', 'has a token that is empty, or with a character that no token may hold');
  return token;
}
