/** Asks a guard about where a way is about to lead, and ends the way where nothing is left. */
import { dropLater } from '../contract/thrown.ts';
import { AddressRefused, type Guard, type GuardTarget } from '../contract/guard.ts';
import type { Origin } from '../model/origin.ts';
import type { Proxy } from '../model/proxy/proxy.ts';
import { isAddress, type FoundEndpoint } from '../net/dns/resolver.ts';
import type { WayListener } from './way.ts';

/**
 * Of a request that a proxy is to bring to its origin: it may use a connection that is there, so it is asked about each time. Names that are resolved here,
 * on the way through a SOCKS proxy, are asked about then.
 *
 * @throws {AddressRefused}
 */
export function admitThroughProxy(guard: Guard, { host, port }: Origin, { scheme, origin: proxy }: Proxy): void {
  const isName = !isAddress(host);
  if (isName && (scheme === 'socks4' || scheme === 'socks5')) return;
  const target: GuardTarget = { host, port, address: isName ? undefined : host, socketPath: undefined, proxy };
  const forbidden = forbiddenBy(guard, target);
  if (forbidden !== undefined) throw addressRefused(target, forbidden);
}

export class Admission {
  readonly #guard: Guard;
  readonly #target: Pick<GuardTarget, 'host' | 'port' | 'proxy'>;
  readonly #listener: WayListener;

  constructor(guard: Guard, target: Pick<GuardTarget, 'host' | 'port' | 'proxy'>, listener: WayListener) {
    this.#guard = guard;
    this.#target = target;
    this.#listener = listener;
  }

  /** Those that may be dialled; when there are none, the way has failed. */
  endpoints(endpoints: readonly FoundEndpoint[]): readonly FoundEndpoint[] {
    const targets = endpoints.map((endpoint) => ({ ...this.#target, ...endpoint, socketPath: undefined }));
    return this.#allowed(targets).map(({ address, port }) => ({ address: address!, port }));
  }

  /** The same, where it is not for the way to fail: those that may be dialled, or why none may. */
  among(endpoints: readonly FoundEndpoint[]): readonly FoundEndpoint[] | AddressRefused {
    let refusal: AddressRefused | undefined;
    const allowed = endpoints.filter((endpoint) => {
      const target = { ...this.#target, ...endpoint, socketPath: undefined };
      const forbidden = this.#listener.inContext(() => forbiddenBy(this.#guard, target));
      if (forbidden !== undefined) refusal ??= addressRefused(target, forbidden);
      return forbidden === undefined;
    });
    return allowed.length === 0 && refusal !== undefined ? refusal : allowed;
  }

  /** When it may not be connected to, the way has failed. */
  socket(socketPath: string): void {
    this.#allowed([{ ...this.#target, address: undefined, socketPath }]);
  }

  /** Connected to by the option `connect`, to which a name may mean anything. When it may not be, the way has failed. */
  elsewhere(isAddress: boolean): void {
    const address = isAddress ? this.#target.host : undefined;
    this.#allowed([{ ...this.#target, address, socketPath: undefined, byConnect: true }]);
  }

  #allowed(targets: readonly GuardTarget[]): readonly GuardTarget[] {
    let refusal: (() => void) | undefined;
    const allowed = targets.filter((target) => {
      if (this.#listener.isSettled) return false;
      const forbidden = this.#listener.inContext(() => forbiddenBy(this.#guard, target));
      if (forbidden === undefined) return true;
      const { address, socketPath, port } = target;
      if (targets.length > 1) this.#listener.trace('connect-failed', { address: (address ?? socketPath)!, port, code: 'ADDRESS_REFUSED' });
      refusal ??= () => this.#listener.onFailed(addressRefused(target, forbidden));
      return false;
    });
    if (allowed.length === 0 && !this.#listener.isSettled) refusal?.();
    return allowed;
  }
}

interface Forbidden {
  readonly rule: string;
  readonly cause?: unknown;
}

/** What forbids a connection; `undefined` when nothing does. Never throws. */
function forbiddenBy(guard: Guard, target: GuardTarget): Forbidden | undefined {
  try {
    const rule: unknown = guard.check(target);
    if (rule === undefined) return undefined;
    dropLater(rule);
    return { rule: typeof rule === 'string' ? rule : 'the guard gave neither undefined nor the text of a rule' };
  } catch (cause) {
    return { rule: 'the guard threw', cause };
  }
}

function addressRefused(target: GuardTarget, { rule, cause }: Forbidden): AddressRefused {
  const way = target.proxy !== undefined ? ' through a proxy' : target.byConnect === true ? ' by the option "connect"' : '';
  return new AddressRefused(`Connecting to ${JSON.stringify(target.host)}${way} is not allowed here`, {
    rule,
    target,
    cause,
    phase: target.address === undefined ? 'request' : 'connect',
  });
}
