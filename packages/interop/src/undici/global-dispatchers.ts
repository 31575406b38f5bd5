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

/** Places that were empty, and that nobody but us has looked at since. */
const unseen = new Map<GlobalSymbol, PlainDispatcher>();

/** @returns `undefined` where no undici that is loaded has its dispatcher. */
export function currentDispatcher(symbol: GlobalSymbol): PlainDispatcher | undefined {
  loadBuiltIn();
  return unseen.get(symbol) ?? world[symbol];
}

/** `undefined`: as if there never had been one. */
export function setDispatcher(symbol: GlobalSymbol, dispatcher: PlainDispatcher | undefined): void {
  if (unseen.has(symbol) || !Object.hasOwn(world, symbol)) {
    if (dispatcher === undefined) removeUnseen(symbol);
    else showOnDemand(symbol, dispatcher);
  } else {
    // An undici that was loaded meanwhile has found ours here, and has made none.
    world[symbol] = dispatcher ?? dispatcherWithout(symbol);
  }
}

/** For a place that has none before ours: the one of the other place, which there always is, since Node's own undici was loaded first. */
export function dispatcherWithout(symbol: GlobalSymbol): PlainDispatcher {
  const other = symbol === upToSeven ? fromEight : upToSeven;
  return {
    dispatch(options, handler) {
      const dispatcher = currentDispatcher(other);
      if (dispatcher === undefined) throw new TypeError('There is no global dispatcher of undici in this process');
      // Whichever version that is of, it takes a handler of the former generation.
      return dispatcher.dispatch(options, asLegacyHandler(handler));
    },
  };
}

/** Node loads its undici when it is asked for one of its classes; then it has its dispatcher. */
function loadBuiltIn(): void {
  void globalThis.Headers;
}

function showOnDemand(symbol: GlobalSymbol, dispatcher: PlainDispatcher): void {
  unseen.set(symbol, dispatcher);
  Object.defineProperty(world, symbol, {
    configurable: true,
    enumerable: false,
    get() {
      unseen.delete(symbol);
      define(symbol, dispatcher);
      return dispatcher;
    },
    set(value: PlainDispatcher) {
      unseen.delete(symbol);
      define(symbol, value);
    },
  });
}

/** As undici does it. */
function define(symbol: GlobalSymbol, value: PlainDispatcher): void {
  Object.defineProperty(world, symbol, { value, writable: true, enumerable: false, configurable: false });
}

function removeUnseen(symbol: GlobalSymbol): void {
  unseen.delete(symbol);
  delete world[symbol];
}
