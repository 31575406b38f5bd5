/** One PAC script in an interpreter of its own, which has nothing but what the script is given, and limits in time and memory. */
import { isIP } from 'node:net';
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime, QuickJSSyncVariant, QuickJSWASMModule } from 'quickjs-emscripten-core';

import { PacError } from '../pac-errors.ts';
import { isInNet, isInPrefixes, sortedAddresses } from './addresses.ts';
import { boundedBuiltins } from './bounded.ts';
import { pacFunctions } from './functions.ts';
import { shown } from './result.ts';

/** What a script may ask about the world. */
export interface ScriptHost {
  /** The addresses of a name; none where it has none. */
  lookup(name: string): Promise<readonly string[]>;
  ownAddresses(): readonly string[];
  now(): Date;
  /** Milliseconds, for the limit in time. */
  elapsed(): number;
  /** What `run` gives, or `undefined` where it was stopped after so many milliseconds, in the middle of whatever it did. */
  within<Result>(milliseconds: number, run: () => Result): { readonly result: Result } | undefined;
  alert(message: string): void;
}

export interface ScriptLimits {
  /** Of one run, in milliseconds. */
  readonly timeout: number;
  /** Of the interpreter, in bytes. */
  readonly memory: number;
}

/** A script that asks for more names is not answered. */
const mostNames = 32;
const stackBytes = 256 * 1024;
/** A script is asked to stop when its time is over, and by force so many milliseconds later: one step of it may be long. */
const patience = 200;

/** What one evaluation knows of names: a script can't wait, so it runs again once they are known. */
interface Names {
  readonly known: Map<string, readonly string[]>;
  readonly missing: Set<string>;
  /** How long the runs took that this was found out in, in milliseconds. */
  spent: number;
}

let loading: Promise<QuickJSWASMModule> | undefined;
/** Whose stack was used up from outside: what is in its memory is not to be relied on. */
const broken = new WeakSet<QuickJSWASMModule>();

/** Loaded when the first script is, and not before. */
async function load(): Promise<QuickJSWASMModule> {
  const [{ newQuickJSWASMModuleFromVariant }, variant] = await Promise.all([
    import('quickjs-emscripten-core'),
    import('@jitl/quickjs-wasmfile-release-sync') as unknown as Promise<{ readonly default: QuickJSSyncVariant }>,
  ]);
  return newQuickJSWASMModuleFromVariant(variant.default);
}

/** One that is not broken. */
function loaded(): Promise<QuickJSWASMModule> {
  loading ??= load();
  return loading;
}

export class PacScript {
  #module: QuickJSWASMModule;
  readonly #text: string;
  readonly #host: ScriptHost;
  readonly #limits: ScriptLimits;
  #runtime: QuickJSRuntime | undefined;
  #context: QuickJSContext | undefined;
  #names: Names | undefined;
  #runningUntil = 0;
  /** Was it told so? */
  #isLate = false;
  #users = 0;
  #isClosed = false;

  private constructor(module: QuickJSWASMModule, text: string, host: ScriptHost, limits: ScriptLimits) {
    this.#module = module;
    this.#text = text;
    this.#host = host;
    this.#limits = limits;
  }

  /** @throws {PacError} `PAC_INVALID`, or what its first run ends with. */
  static async compile(text: string, host: ScriptHost, limits: ScriptLimits): Promise<PacScript> {
    const script = new PacScript(await loaded(), text, host, limits);
    await script.#withNames(() => script.#begin());
    return script;
  }

  /** @throws {PacError} */
  async find(url: string, host: string): Promise<string> {
    this.#users += 1;
    try {
      return await this.#withNames(() => this.#run(url, host));
    } finally {
      this.#users -= 1;
      if (this.#isClosed && this.#users === 0) this.#dispose();
    }
  }

  /** Who is at it may finish. */
  close(): void {
    this.#isClosed = true;
    if (this.#users === 0) this.#dispose();
  }

  async #withNames<Result>(run: () => Result): Promise<Result> {
    const names: Names = { known: new Map(), missing: new Set(), spent: 0 };
    for (;;) {
      let outcome: { readonly result: Result } | { readonly error: unknown };
      if (broken.has(this.#module)) this.#leave(await loaded());
      this.#names = names;
      const since = this.#host.elapsed();
      try {
        outcome = { result: run() };
      } catch (error) {
        outcome = { error: error instanceof PacError ? error : this.#broke(error) };
      }
      names.spent += this.#host.elapsed() - since;
      // Whatever the script made of what it was not told.
      if (names.missing.size > 0 && names.known.size < mostNames) {
        await Promise.all(Array.from(names.missing, async (name) => names.known.set(name, await this.#host.lookup(name))));
        names.missing.clear();
        continue;
      }
      if ('error' in outcome) throw outcome.error;
      return outcome.result;
    }
  }

  #begin(): void {
    this.#dispose();
    const runtime = this.#module.newRuntime({ memoryLimitBytes: this.#limits.memory, maxStackSizeBytes: stackBytes });
    runtime.setInterruptHandler(() => this.#host.elapsed() > this.#runningUntil);
    const context = runtime.newContext();
    this.#runtime = runtime;
    this.#context = context;
    this.#offerHost(context);
    // The first that an interpreter runs may wait for its compiler.
    this.#runningUntil = Infinity;
    this.#evaluate(context, boundedBuiltins, 'bounded.js');
    this.#evaluate(context, pacFunctions, 'functions.js');
    this.#startTime();
    this.#withinTime(() => {
      this.#evaluate(context, this.#text, 'proxy.pac');
      const find = finderOf(context);
      find?.dispose();
      if (find === undefined) throw new PacError('The PAC script has no function FindProxyForURL', { code: 'PAC_INVALID' });
    });
  }

  /** All the runs that one question takes have the time of one. */
  #startTime(): void {
    this.#runningUntil = this.#host.elapsed() + this.#limits.timeout - this.#names!.spent;
    this.#isLate = false;
  }

  /** No error of the script: the interpreter has failed, as by lists in lists that leave it no stack. Whoever has it goes on with another. */
  #broke(cause: unknown): PacError {
    this.#abandon();
    return new PacError('The PAC script was stopped: its interpreter failed', { code: 'PAC_FAILED', cause });
  }

  #abandon(): void {
    broken.add(this.#module);
    loading = undefined;
  }

  #tookTooLong(): PacError {
    const limit = `${this.#limits.timeout} ms (option "timeout")`;
    return new PacError(`The PAC script was stopped: it took more than ${limit}`, { code: 'PAC_TIMEOUT' });
  }

  #leave(module: QuickJSWASMModule): void {
    this.#module = module;
    // Nothing in a broken one can be given back by itself.
    this.#context = undefined;
    this.#runtime = undefined;
  }

  #run(url: string, host: string): string {
    if (this.#context === undefined) this.#begin();
    this.#startTime();
    return this.#withinTime(() => this.#call(this.#context!, url, host));
  }

  /** @throws {PacError} `PAC_TIMEOUT`: it was stopped by force, and nobody goes on with its interpreter. */
  #withinTime<Result>(run: () => Result): Result {
    const left = Math.max(this.#runningUntil - this.#host.elapsed(), 0);
    const outcome = this.#host.within(left + patience, run);
    if (outcome !== undefined) return outcome.result;
    this.#abandon();
    throw this.#tookTooLong();
  }

  #call(context: QuickJSContext, url: string, host: string): string {
    const find = finderOf(context) ?? context.undefined;
    const given = [context.newString(url), context.newString(host)];
    const returned = context.callFunction(find, context.undefined, ...given);
    for (const handle of [find, ...given]) handle.dispose();
    if (returned.error !== undefined) throw this.#failure(context, returned.error, 'PAC_FAILED');
    const result: unknown = context.dump(returned.value);
    returned.value.dispose();
    if (result === null || result === undefined) return '';
    if (typeof result !== 'string') throw new PacError(`The PAC script gave what is no text, but ${typeof result}`, { code: 'PAC_RESULT' });
    return result;
  }

  #evaluate(context: QuickJSContext, code: string, name: string): void {
    const evaluated = context.evalCode(code, name);
    if (evaluated.error !== undefined) throw this.#failure(context, evaluated.error, 'PAC_INVALID');
    evaluated.value.dispose();
  }

  /** What a script threw; one that was stopped has an interpreter that nobody goes on with. */
  #failure(context: QuickJSContext, handle: QuickJSHandle, code: string): PacError {
    const thrown: unknown = context.dump(handle);
    handle.dispose();
    const {
      name = 'Error',
      message = String(thrown),
      lineNumber,
    } = Object(thrown) as Partial<Record<'name' | 'message' | 'lineNumber', unknown>>;
    const isLate = this.#isLate || message === 'interrupted';
    const isStopped = this.#isLate || (name === 'InternalError' && /^(?:interrupted|out of memory)$/.test(String(message)));
    if (!isStopped) {
      const where = lineNumber === undefined ? '' : ` (line ${Number(lineNumber)})`;
      return new PacError(`The PAC script failed: ${shown(`${String(name)}: ${String(message)}`)}${where}`, { code });
    }
    this.#dispose();
    if (isLate) return this.#tookTooLong();
    return new PacError(`The PAC script was stopped: it took more than ${this.#limits.memory} bytes (option "memory")`, {
      code: 'PAC_TIMEOUT',
    });
  }

  #offerHost(context: QuickJSContext): void {
    const offered = context.newObject();
    const offer = (name: string, answer: (...args: string[]) => string | boolean): void => {
      const handle = context.newFunction(name, (...args) => {
        const value = answer(...args.map((arg) => String(context.dump(arg))));
        return typeof value === 'string' ? context.newString(value) : value ? context.true : context.false;
      });
      context.setProp(offered, name, handle);
      handle.dispose();
    };
    offer('resolve', (name) => this.#resolve(name));
    offer('own', () => this.#host.ownAddresses().join(' '));
    offer('tick', () => {
      this.#isLate = this.#host.elapsed() > this.#runningUntil;
      if (this.#isLate) throw new Error('Its time is over');
      return true;
    });
    offer('isInNet', isInNet);
    offer('isInPrefixes', isInPrefixes);
    offer('sorted', sortedAddresses);
    offer('now', (isGmt) => timeOf(this.#host.now(), isGmt === 'true'));
    offer('alert', (message) => {
      try {
        this.#host.alert(message);
      } catch {
        // Whoever is told is no part of the script.
      }
      return true;
    });
    context.setProp(context.global, '$host', offered);
    offered.dispose();
  }

  #resolve(name = ''): string {
    if (isIP(name) !== 0) return name;
    const known = this.#names!.known.get(name);
    if (known !== undefined) return known.join(' ');
    const { known: told, missing } = this.#names!;
    if (told.size + missing.size < mostNames) missing.add(name);
    throw new Error('This name is being looked up');
  }

  #dispose(): void {
    if (!broken.has(this.#module)) {
      this.#context?.dispose();
      this.#runtime?.dispose();
    }
    this.#context = undefined;
    this.#runtime = undefined;
  }
}

/** Where a script has both, the one that knows of IPv6. `undefined`: it has neither. */
function finderOf(context: QuickJSContext): QuickJSHandle | undefined {
  for (const name of ['FindProxyForURLEx', 'FindProxyForURL']) {
    const find = context.getProp(context.global, name);
    if (context.typeof(find) === 'function') return find;
    find.dispose();
  }
  return undefined;
}

/** Year, month, day, hour, minute, second and weekday, with spaces between them. */
function timeOf(date: Date, isGmt: boolean): string {
  const parts = isGmt
    ? [
        date.getUTCFullYear(),
        date.getUTCMonth(),
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
        date.getUTCDay(),
      ]
    : [date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds(), date.getDay()];
  return parts.join(' ');
}
