/** A PAC script as a function that says by which proxy a request goes. */
import { lookup as lookUp } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';

import { PacError } from './pac-errors.ts';
import { parseResult } from './script/result.ts';
import { runWithin } from './script/hard-limit.ts';
import { PacScript, type ScriptHost, type ScriptLimits } from './script/script.ts';
import { fileSource, textSource, urlSource, type Loaded, type Source, type SourceSettings } from './source.ts';

/** A URL (`http`, `https` or `file`), or the script itself. */
export type PacSourceInput = string | URL | { readonly text: string };

/** Limits of a script, and how it is loaded; times are in milliseconds, memory in bytes. */
export interface PacOptions {
  /** What one question to the script may take of the processor, in milliseconds, 1 to 10,000. Default 1,000. The process does nothing else meanwhile. */
  readonly timeout?: number | undefined;
  /** What its interpreter may take, in bytes, 1 MiB or more. Default 16,777,216 (16 MiB). */
  readonly memory?: number | undefined;
  /** For how long an answer holds for its scheme, host and port, in milliseconds. Default 300,000 (5 minutes); 0: the script is asked each time. */
  readonly cacheFor?: number | undefined;
  /** How long the script itself may take to arrive, in milliseconds. Default 10,000. */
  readonly loadTimeout?: number | undefined;
  /** When to look whether a script from a URL has changed, in milliseconds, where its server does not say. Default 3,600,000 (1 hour). */
  readonly reloadAfter?: number | undefined;
  /** Fetches the script. It must not use the proxies that the script is about. Default: the platform's `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Resolves the names that the script asks for. Default: as `dns.lookup` does. What it throws is a name without addresses. */
  readonly lookup?: ((name: string) => Promise<readonly string[]>) | undefined;
  /** Told what the script says by `alert()`. Default: nobody. */
  readonly onAlert?: ((message: string) => void) | undefined;
}

/** Fits `proxy` of a `Client`. */
export interface Pac {
  (url: URL): Promise<readonly (string | null)[]>;
  /** Gives the interpreter back. */
  close(): void;
}

const defaults = { timeout: 1_000, memory: 16_777_216, cacheFor: 300_000, loadTimeout: 10_000, reloadAfter: 3_600_000 };
const bounds: Readonly<Record<keyof typeof defaults, readonly [least: number, most: number]>> = {
  timeout: [1, 10_000],
  memory: [1_048_576, 1_073_741_824],
  cacheFor: [0, 86_400_000],
  loadTimeout: [1, 600_000],
  reloadAfter: [0, 86_400_000],
};
const functions = ['fetch', 'lookup', 'onAlert'] as const;
/** After a failure it is not tried again for so long, in milliseconds. */
const patience = 5_000;
const mostAnswers = 1_000;

/**
 * Reads the script when the first request asks, and again when it is no longer fresh: as its server says, or as its file changes. Requests go by the script that
 * is there while another is fetched, and where that fails, with a process warning (`PacWarning`).
 *
 * The script sees scheme, host and port of a URL, and neither its path nor its query; answers are kept by these. It runs in an interpreter of its own (QuickJS, as WebAssembly),
 * which is loaded with the first script.
 *
 * @throws {TypeError} the source or an option is not usable. The function rejects with {@link PacError}.
 * @example
 * const client = new Client({ proxy: pac('http://wpad.example/proxy.pac') });
 */
export function pac(source: PacSourceInput, options: PacOptions = {}): Pac {
  return pacBy(
    source,
    options,
    () => performance.now(),
    () => new Date(),
  );
}

/** By clocks of the caller's. */
export function pacBy(source: PacSourceInput, options: PacOptions, clock: () => number, date: () => Date): Pac {
  const settings = readOptions(options);
  const loading: SourceSettings = { ...settings, fetch: options.fetch ?? globalThis.fetch, clock };
  const host: ScriptHost = {
    lookup: lookupBy(options.lookup ?? addressesOf),
    ownAddresses,
    now: date,
    elapsed: () => performance.now(),
    within: runWithin,
    alert: (message) => options.onAlert?.(message),
  };
  const finder = new Finder(toSource(source, loading), host, settings, settings.cacheFor, clock);
  return Object.assign((url: URL) => finder.find(url), { close: () => finder.close() });
}

class Finder {
  readonly #source: Source;
  readonly #host: ScriptHost;
  readonly #limits: ScriptLimits;
  readonly #cacheFor: number;
  readonly #clock: () => number;
  readonly #answers = new Map<string, { readonly until: number; readonly answer: Promise<readonly (string | null)[]> }>();
  #loaded: Loaded | undefined;
  #script: PacScript | undefined;
  #loading: Promise<PacScript> | undefined;
  #failed: { readonly until: number; readonly error: unknown } | undefined;
  #isClosed = false;

  constructor(source: Source, host: ScriptHost, limits: ScriptLimits, cacheFor: number, clock: () => number) {
    this.#source = source;
    this.#host = host;
    this.#limits = limits;
    this.#cacheFor = cacheFor;
    this.#clock = clock;
  }

  async find(url: URL): Promise<readonly (string | null)[]> {
    const script = await this.#current();
    const now = this.#clock();
    const known = this.#answers.get(url.origin);
    if (known !== undefined && known.until > now) return known.answer;
    const answer = script.find(`${url.origin}/`, url.hostname.replace(/^\[(.*)\]$/, '$1')).then(parseResult);
    this.#keep(url.origin, answer, now);
    return answer;
  }

  close(): void {
    this.#isClosed = true;
    this.#script?.close();
    this.#script = undefined;
    this.#answers.clear();
  }

  /** What fails is not kept, and many who ask at once are given one answer. */
  #keep(origin: string, answer: Promise<readonly (string | null)[]>, now: number): void {
    const answers = this.#answers;
    answers.delete(origin);
    const kept = { until: now + this.#cacheFor, answer };
    answers.set(origin, kept);
    const oldest = answers.keys().next();
    if (answers.size > mostAnswers && oldest.done !== true) answers.delete(oldest.value);
    answer.catch(() => {
      if (answers.get(origin) === kept) answers.delete(origin);
    });
  }

  async #current(): Promise<PacScript> {
    if (this.#isClosed) throw new PacError('The PAC script was closed', { code: 'PAC_CLOSED' });
    const now = this.#clock();
    const isFresh = this.#script !== undefined && this.#loaded!.freshUntil > now;
    if (isFresh) return this.#script!;
    const failed = this.#failed !== undefined && this.#failed.until > now ? this.#failed : undefined;
    if (this.#script === undefined) {
      if (failed !== undefined) throw failed.error;
      return this.#load();
    }
    if (failed === undefined) void this.#load().catch(warn);
    return this.#script;
  }

  #load(): Promise<PacScript> {
    this.#loading ??= this.#loadNow().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loadNow(): Promise<PacScript> {
    try {
      const loaded = await this.#source.load(this.#loaded);
      const isSame = this.#script !== undefined && loaded.text === this.#loaded!.text;
      const script = isSame ? this.#script! : await PacScript.compile(loaded.text, this.#host, this.#limits);
      this.#loaded = loaded;
      this.#failed = undefined;
      if (!isSame) this.#replace(script);
      return script;
    } catch (error) {
      this.#failed = { until: this.#clock() + patience, error };
      throw error;
    }
  }

  #replace(script: PacScript): void {
    this.#script?.close();
    this.#script = script;
    this.#answers.clear();
    if (this.#isClosed) this.close();
  }
}

function warn(error: unknown): void {
  process.emitWarning(`${(error as Error).message}; the one that is there stays in use`, { type: 'PacWarning' });
}

function toSource(source: PacSourceInput, settings: SourceSettings): Source {
  if (typeof source === 'object' && source !== null && !(source instanceof URL)) {
    if (typeof source.text !== 'string') throw new TypeError('A PAC script must be a URL, or { text }');
    return textSource(source.text);
  }
  let url: URL;
  try {
    url = new URL(source);
  } catch {
    throw new TypeError('A PAC script must be a URL, such as "http://wpad.example/proxy.pac" or "file:///etc/proxy.pac", or { text }');
  }
  if (url.protocol === 'file:') return fileSource(url, settings);
  if (url.protocol === 'http:' || url.protocol === 'https:') return urlSource(url, settings);
  throw new TypeError('The URL of a PAC script must be http, https or file');
}

function readOptions(options: PacOptions): Record<keyof typeof defaults, number> {
  const own = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(own)) {
    if ((functions as readonly string[]).includes(name)) {
      if (typeof value !== 'function') throw new TypeError(`The option ${JSON.stringify(name)} must be a function`);
      continue;
    }
    if (!Object.hasOwn(bounds, name)) throw new TypeError(`The option ${JSON.stringify(name)} is not known`);
    const [least, most] = bounds[name as keyof typeof bounds];
    if (typeof value !== 'number' || !(value >= least && value <= most))
      throw new TypeError(`The option ${JSON.stringify(name)} must be a number from ${least} to ${most}`);
  }
  return { ...defaults, ...(own as Partial<typeof defaults>) };
}

function lookupBy(lookup: (name: string) => Promise<readonly string[]>): ScriptHost['lookup'] {
  return async (name) => {
    try {
      return [...(await lookup(name))];
    } catch {
      return [];
    }
  };
}

async function addressesOf(name: string): Promise<readonly string[]> {
  const found = await lookUp(name, { all: true });
  return found.map(({ address }) => address);
}

/** Those that others can reach, IPv4 first. */
function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const addresses = all.filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0);
  return addresses.length === 0 ? ['127.0.0.1'] : addresses.sort((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address);
}
