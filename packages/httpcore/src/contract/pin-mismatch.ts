import { ConnectError, type ErrorInit } from './errors.ts';

/**
 * The peer's certificates are good, and none of their keys is one that `tls.pins` names for it (`PIN_MISMATCH`). Nothing was sent, and it is not retried.
 */
export class PinMismatch extends ConnectError {
  override readonly name = 'PinMismatch';
  /** The pins of what the peer showed, its own first, as `tls.pins` would have them. */
  readonly seen: readonly string[];

  constructor(message: string, { seen, ...init }: ErrorInit & { readonly seen: readonly string[] }) {
    super(message, { code: 'PIN_MISMATCH', phase: 'tls', ...init });
    this.seen = seen;
  }
}
