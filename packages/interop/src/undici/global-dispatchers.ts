/**
 * Where undici keeps its global dispatcher: at one symbol up to version 7, at another from 8 on; each version takes what it finds at its own, and
 * otherwise makes one of its own there.
 */
import { asLegacyHandler } from './legacy-handler.ts';
import type { UndiciDispatchOptions } from './request-head.ts';

/** Whatever dispatcher there is. */
export interface PlainDispatcher {
  dispatch(options: UndiciDispatchOptions, handler: object): boolean;
}

const upToSeven: unique symbol = Symbol.for('undici.globalDispatcher.1') as never;
const fromEight: unique symbol = Symbol.for('undici.globalDispatcher.2') as never;
export type GlobalSymbol = typeof upToSeven | typeof fromEight;
export const globalSymbols: readonly GlobalSymbol[] = [upToSeven, fromEight];

type Global = Partial<Record<GlobalSymbol, PlainDispatcher>>;
const world = globalThis as Global;

/** What is known of a getter that waits at an empty place: every copy of this module finds it there. */
const onDemand: unique symbol = Symbol.for('@x/interop/undici: shown on demand') as never;
/** On the options of a request that has come by an empty place. */
const passedOn: unique symbol = Symbol.for('@x/interop/undici: passed on') as never;

/** @returns `undefined` where no undici that is loaded has its dispatcher. */
export function currentDispatcher(symbol: GlobalSymbol): PlainDispatcher | undefined {
  loadBuiltIn();
  return unseenAt(symbol) ?? world[symbol];
}

/** Without `dispatcher` it is as if there never had been one, or else `without` if somebody has seen it. */
export function setDispatcher(symbol: GlobalSymbol, dispatcher: PlainDispatcher | undefined, without: PlainDispatcher): void {
  if (unseenAt(symbol) !== undefined || !Object.hasOwn(world, symbol)) {
    if (dispatcher === undefined) delete world[symbol];
    else showOnDemand(symbol, dispatcher);
  } else {
    // An undici that was loaded meanwhile has found ours here, and has made none.
    world[symbol] = dispatcher ?? without;
  }
}

/**
 * For a place that has none before ours: the one of the other place, which there always is, since Node's own undici was loaded first. If what stands there by
 * now leads back to this one (undici 8 wraps what it is given and puts it at both places), `first` is asked, which was there before.
 */
export function dispatcherWithout(symbol: GlobalSymbol, first: PlainDispatcher | undefined): PlainDispatcher {
  const other = symbol === upToSeven ? fromEight : upToSeven;
  return {
    dispatch(options, handler) {
      const dispatcher = passedOn in options ? first : currentDispatcher(other);
      if (dispatcher === undefined) throw new TypeError('There is no global dispatcher of undici in this process');
      const told = { ...options, [passedOn]: true };
      // Whichever version that is of, it takes a handler of the former generation.
      return dispatcher.dispatch(told, asLegacyHandler(handler));
    },
  };
}

/** At a place that was empty, and that nobody but us has looked at since. */
function unseenAt(symbol: GlobalSymbol): PlainDispatcher | undefined {
  const getter = Object.getOwnPropertyDescriptor(world, symbol)?.get as { readonly [onDemand]?: PlainDispatcher } | undefined;
  return getter?.[onDemand];
}

/** Node loads its undici when it is asked for one of its classes; then it has its dispatcher. */
function loadBuiltIn(): void {
  void globalThis.Headers;
}

function showOnDemand(symbol: GlobalSymbol, dispatcher: PlainDispatcher): void {
  const get = (): PlainDispatcher => {
    define(symbol, dispatcher);
    return dispatcher;
  };
  Object.defineProperty(world, symbol, {
    configurable: true,
    enumerable: false,
    get: Object.assign(get, { [onDemand]: dispatcher }),
    set(value: PlainDispatcher) {
      define(symbol, value);
    },
  });
}

/** As undici does it. */
function define(symbol: GlobalSymbol, value: PlainDispatcher): void {
  Object.defineProperty(world, symbol, { value, writable: true, enumerable: false, configurable: false });
}
