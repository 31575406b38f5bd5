import { ClientError, type ClientErrorInit } from '../errors.ts';

/**
 * The function that was to say by which proxy a request goes did not: it threw, or rejected (`PROXY_FUNCTION_FAILED`), or what it gave is no proxy
 * (`INVALID_PROXY_CHOICE`). The `cause` says more. Nothing was sent, and nothing goes out directly instead.
 */
export class ProxyNotChosen extends ClientError {
  override readonly name = 'ProxyNotChosen';

  constructor(message: string, init?: ClientErrorInit) {
    super(message, init, 'PROXY_FUNCTION_FAILED');
  }
}
