import { AsyncLocalStorage } from 'node:async_hooks';
import { debuglog } from 'node:util';
import type { ClientLike, DispatcherLike } from '../carrier/carrier.ts';
import { inBothGenerations } from './both-generations.ts';
import { enterFetch, leaveFetch } from './cache-modes.ts';
import {
  currentDispatcher,
  dispatcherWithout,
  globalSymbols,
  setDispatcher,
  type GlobalSymbol,
  type PlainDispatcher,
} from './global-dispatchers.ts';
import type { UndiciDispatchOptions } from './request-head.ts';
import { UndiciDispatcher, type CallObserver } from './undici-dispatcher.ts';

/** How far `install()` reaches, and who is told what it does. */
export interface InstallOptions {
  /**
   * `process` (the default): every call of the process that goes over undici's global dispatcher. `async`: only calls from here on in the
   * present async context, as `AsyncLocalStorage.enterWith()` has it, and in what is started from it: so it goes on in a caller who does not await
   * the function that has installed. {@link installFor} ends with its function.
   */
  readonly scope?: 'process' | 'async' | undefined;
  /** Given one line for each call that was carried; without it the line goes to stderr under `NODE_DEBUG=xhttp`. */
  readonly debug?: ((line: string) => void) | undefined;
}

/** Takes it back, as the end of a `using` does. Idempotent. Calls that run go on. */
export interface Uninstall extends Disposable {
  (): void;
}

const optionNames = new Set(['scope', 'debug']);
const log = debuglog('xhttp');

/**
 * Puts a client under global `fetch`, and under every undici of the process that uses the global dispatcher: Node's own and those from npm, from
 * version 6 on, whichever was loaded first. What the client does to a request it then does for SDKs that only call `fetch`.
 * What fetch does itself stays fetch's: redirects, decoding, `FormData`, `Response`. Of a client with a cache, `cache: 'no-store'` and the other modes of
 * global `fetch` mean what the standard says.
 *
 * Installations nest: the latest is asked first, and each can be taken back in any order. The last one restores what was there.
 *
 * @throws {TypeError} an option is unknown or impossible, or `carrier` is neither client nor dispatcher.
 * @example
 * const client = new Client({ retries: 3, proxy: 'http://proxy.example:3128' });
 * using off = install(client);
 * await fetch('https://example.com/'); // over the client
 */
export function install(carrier: ClientLike | DispatcherLike, options: InstallOptions = {}): Uninstall {
  const { scope, debug } = readOptions(options);
  const binding = scope === 'async' ? new Binding(bindings.getStore()) : undefined;
  const installation = new Installation(carrier, binding, observerFor(debug));
  installation.enter();
  if (binding !== undefined) bindings.enterWith(binding);
  const off = (): void => {
    installation.leave();
    // The context that it was made in is as it was, if this is still it.
    if (binding !== undefined && bindings.getStore() === binding) bindings.enterWith(binding.outer);
  };
  return Object.assign(off, { [Symbol.dispose]: off });
}

/**
 * Runs `run` with global `fetch` and undici over `carrier`, for it and all that it starts, and nothing else: as `install()` with `scope: 'async'`, with
 * a beginning and an end.
 *
 * @example
 * const answer = await installFor(client, () => openai.responses.create({ model, input }));
 */
export function installFor<Result>(
  carrier: ClientLike | DispatcherLike,
  run: () => Result,
  options: Pick<InstallOptions, 'debug'> = {},
): Result {
  const { debug } = readOptions(options);
  const binding = new Binding(bindings.getStore());
  const installation = new Installation(carrier, binding, observerFor(debug));
  installation.enter();
  const leave = (): void => installation.leave();
  let result: Result;
  try {
    result = bindings.run(binding, run);
  } catch (error) {
    leave();
    throw error;
  }
  if (result instanceof Promise) return result.finally(leave) as Result;
  leave();
  return result;
}

function readOptions(options: InstallOptions): InstallOptions {
  for (const name of Object.keys(options)) {
    if (!optionNames.has(name)) throw new TypeError(`install() has no option "${name}"; there are "scope" and "debug"`);
  }
  const scope = Object.hasOwn(options, 'scope') ? options.scope : undefined;
  const debug = Object.hasOwn(options, 'debug') ? options.debug : undefined;
  if (scope !== undefined && scope !== 'process' && scope !== 'async')
    throw new TypeError(`The option "scope" of install() must be 'process' or 'async'`);
  if (debug !== undefined && typeof debug !== 'function') throw new TypeError('The option "debug" of install() must be a function');
  return { scope, debug };
}

/** A context in which an installation counts. */
class Binding {
  readonly outer: Binding | undefined;

  constructor(outer: Binding | undefined) {
    this.outer = outer;
  }
}

const bindings = new AsyncLocalStorage<Binding | undefined>();

/** One client at each of the places where undici looks. */
class Installation {
  readonly #binding: Binding | undefined;
  readonly #places: readonly InstalledDispatcher[];
  isOver = false;

  constructor(carrier: ClientLike | DispatcherLike, binding: Binding | undefined, observer: CallObserver | undefined) {
    this.#binding = binding;
    const found = globalSymbols.map((symbol) => currentDispatcher(symbol));
    this.#places = globalSymbols.map((symbol, index) => {
      const without = dispatcherWithout(symbol, lowest(found[1 - index]));
      return new InstalledDispatcher(carrier, observer, this, symbol, found[index], without);
    });
  }

  enter(): void {
    for (const place of this.#places) setDispatcher(place.symbol, place, place.without);
    enterFetch(carryingPlace);
  }

  leave(): void {
    if (this.isOver) return;
    this.isOver = true;
    leaveFetch();
    for (const { symbol, without } of this.#places) {
      const present = currentDispatcher(symbol);
      // Those above go on, and so does what somebody else has put there since.
      if (placeOf(present) !== undefined) setDispatcher(symbol, standing(present), without);
    }
  }

  /** Whether it is to carry a call that is made here and now. */
  get counts(): boolean {
    if (this.isOver) return false;
    if (this.#binding === undefined) return true;
    for (let binding = bindings.getStore(); binding !== undefined; binding = binding.outer) {
      if (binding === this.#binding) return true;
    }
    return false;
  }
}

/** What is known of a dispatcher that was installed, to every copy of this module. */
interface Place {
  /** Not what only looks like it, such as it behind interceptors. */
  readonly of: PlainDispatcher;
  readonly before: PlainDispatcher | undefined;
  readonly isOver: boolean;
  /** This one, or the first below it, whose installation counts here and now. */
  readonly carrying: PlainDispatcher | undefined;
}

const place: unique symbol = Symbol.for('@x/interop/undici: place') as never;

class InstalledDispatcher extends UndiciDispatcher {
  readonly symbol: GlobalSymbol;
  readonly without: PlainDispatcher;
  readonly [place]: Place;
  readonly #installation: Installation;
  readonly #before: PlainDispatcher | undefined;

  constructor(
    carrier: ClientLike | DispatcherLike,
    observer: CallObserver | undefined,
    installation: Installation,
    symbol: GlobalSymbol,
    before: PlainDispatcher | undefined,
    without: PlainDispatcher,
  ) {
    super(carrier, observer);
    this.symbol = symbol;
    this.without = without;
    this.#installation = installation;
    this.#before = before;
    this[place] = {
      of: this,
      before,
      get isOver() {
        return installation.isOver;
      },
      get carrying() {
        return installation.counts ? this.of : placeOf(before)?.carrying;
      },
    };
  }

  /** Who kept hold of it, and who is out of its scope, comes to what was there before. */
  override dispatch(options: UndiciDispatchOptions, handler: object): boolean {
    if (this.#installation.counts) return super.dispatch(options, handler);
    // Interceptors of one version may stand between a caller and the agent of another.
    return (this.#before ?? this.without).dispatch(options, inBothGenerations(handler));
  }
}

/** Who would carry a call of global fetch that is made here and now, if it is one of these. */
function carryingPlace(): PlainDispatcher | undefined {
  for (const symbol of globalSymbols) {
    const present = placeOf(currentDispatcher(symbol));
    // Somebody else stands there: it is his.
    if (present === undefined) return undefined;
    const { carrying } = present;
    if (carrying !== undefined) return carrying;
  }
  return undefined;
}

/** Itself, or what is left below it once it has been taken back. */
function standing(dispatcher: PlainDispatcher | undefined): PlainDispatcher | undefined {
  const known = placeOf(dispatcher);
  return known?.isOver === true ? standing(known.before) : dispatcher;
}

/** What was there before anything was installed. */
function lowest(dispatcher: PlainDispatcher | undefined): PlainDispatcher | undefined {
  const known = placeOf(dispatcher);
  return known === undefined ? dispatcher : lowest(known.before);
}

function placeOf(dispatcher: PlainDispatcher | undefined): Place | undefined {
  const known = (dispatcher as { readonly [place]?: Place } | undefined)?.[place];
  return known?.of === dispatcher ? known : undefined;
}

function observerFor(debug: InstallOptions['debug']): CallObserver | undefined {
  if (debug !== undefined) return lineFor(debug);
  return log.enabled ? lineFor((line) => log('%s', line)) : undefined;
}

function lineFor(write: (line: string) => void): CallObserver {
  return ({ method, origin, path }, { generation, status, httpVersion, error }, milliseconds) => {
    const [target] = path.split('?', 1);
    const query = path.includes('?') ? '?…' : '';
    const result = error === undefined ? `${status} over HTTP/${httpVersion}` : `${error.name}${codeOf(error)}`;
    write(`carried ${method} ${String(origin)}${target}${query}: ${result} in ${milliseconds.toFixed(1)} ms (${generation})`);
  };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
}
