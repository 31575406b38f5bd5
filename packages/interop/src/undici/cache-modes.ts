/**
 * The cache modes of `fetch` under `install()`. Undici has no cache: of the mode it says a few fields to its dispatcher, which are the same for `no-store`
 * and `reload`, nothing of `force-cache`, and it never asks for `only-if-cached`. So global `fetch` is stood in for, and hands a dispatcher of the mode over.
 */
import type { CacheMode } from '../carrier/carrier.ts';
import type { PlainDispatcher } from './global-dispatchers.ts';

type Fetch = typeof globalThis.fetch;
/** The dispatcher that would carry a call made here and now; `undefined`: none of ours. */
export type FindDispatcher = () => PlainDispatcher | undefined;

const modes: ReadonlySet<unknown> = new Set<CacheMode>(['no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached']);

/** On a stand-in, for every copy of this module: what it stands in for, and whether it still does. */
const standsFor: unique symbol = Symbol.for('@x/interop/undici: stands for') as never;

interface StandIn extends Fetch {
  readonly [standsFor]: { readonly original: PropertyDescriptor; isOver: boolean };
}

let installations = 0;
let standIn: StandIn | undefined;

/** From now on global `fetch` tells its mode. Idempotent in so far as each call is taken back by one of {@link leaveFetch}. */
export function enterFetch(find: FindDispatcher): void {
  installations += 1;
  if (installations > 1) return;
  const present = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
  const platformFetch = globalThis.fetch as Fetch | undefined;
  // Who has no fetch, or one that can not be replaced, has no modes.
  if (present?.configurable !== true || typeof platformFetch !== 'function') return;
  standIn = Object.assign(fetchWithModes(platformFetch, find), { [standsFor]: { original: present, isOver: false } });
  Object.defineProperty(globalThis, 'fetch', {
    value: standIn,
    writable: true,
    configurable: true,
    enumerable: present.enumerable === true,
  });
}

/** What somebody else has put there since stays. */
export function leaveFetch(): void {
  installations -= 1;
  if (installations > 0 || standIn === undefined) return;
  standIn[standsFor].isOver = true;
  standIn = undefined;
  for (;;) {
    const known = (globalThis.fetch as Partial<StandIn> | undefined)?.[standsFor];
    if (known?.isOver !== true) return;
    Object.defineProperty(globalThis, 'fetch', known.original);
  }
}

function fetchWithModes(platformFetch: Fetch, find: FindDispatcher): Fetch {
  return function fetch(input, init) {
    const mode = modeOf(input, init);
    const dispatcher = mode === undefined || (init !== undefined && 'dispatcher' in init) ? undefined : find();
    if (mode === undefined || dispatcher === undefined) return platformFetch(input, init);
    // It would give up by itself; what is no such request is for it to refuse.
    const isForUs = mode === 'only-if-cached' && requestModeOf(input, init) === 'same-origin';
    const told = { ...init, ...(isForUs ? { cache: 'default' } : {}), dispatcher: inMode(dispatcher, mode) };
    return platformFetch(input, told as RequestInit);
  };
}

function inMode(dispatcher: PlainDispatcher, cacheMode: CacheMode): PlainDispatcher {
  return { dispatch: (options, handler) => dispatcher.dispatch({ ...options, cacheMode }, handler) };
}

function modeOf(input: unknown, init: RequestInit | undefined): CacheMode | undefined {
  const mode = (init as { readonly cache?: unknown } | undefined)?.cache ?? (input instanceof Request ? input.cache : undefined);
  return modes.has(mode) ? (mode as CacheMode) : undefined;
}

function requestModeOf(input: unknown, init: RequestInit | undefined): string | undefined {
  return init?.mode ?? (input instanceof Request ? input.mode : undefined);
}
