/** What was answered about names, and for how long each answer is good. It knows no time but what it is told. */
import { RecentMap } from '../../model/recent-map.ts';
import type { DnsSettings } from '../../model/dns-options.ts';

/** Of what a server sends so many addresses are kept. */
const mostAddresses = 64;

export interface Answer {
  /** Empty: there is no such name. */
  readonly addresses: readonly string[];
  /** Why there are none. */
  readonly cause: unknown;
  /** When it was given, and until when it is good, in clock milliseconds. */
  readonly at: number;
  expiresAt: number;
  readonly staleUntil: number;
  isStale: boolean;
  /** How often it was used. */
  turn: number;
}

export class Answers {
  readonly #settings: Omit<DnsSettings, 'servers'>;
  readonly #known: RecentMap<Answer>;

  constructor(settings: Omit<DnsSettings, 'servers'>) {
    this.#settings = settings;
    this.#known = new RecentMap(settings.maxNames);
  }

  get size(): number {
    return this.#known.size;
  }

  /** One that is still good, and was given after `newerThan`. */
  find(key: string, now: number, newerThan: number): Answer | undefined {
    const answer = this.#known.get(key);
    return answer !== undefined && answer.expiresAt > now && answer.at > newerThan ? answer : undefined;
  }

  /** One that is no longer good, and better than nothing. */
  stale(key: string, now: number): Answer | undefined {
    const answer = this.#known.get(key);
    return answer !== undefined && answer.addresses.length > 0 && answer.staleUntil > now ? answer : undefined;
  }

  /** `ttl`: by the server's word, in milliseconds. */
  keep(key: string, addresses: readonly string[], ttl: number | undefined, now: number): Answer {
    const { maxTtl, staleIfError, negativeTtl } = this.#settings;
    const isThere = addresses.length > 0;
    const good = isThere ? Math.min(ttl ?? this.#settings.ttl, maxTtl) : negativeTtl;
    const answer: Answer = {
      addresses: addresses.slice(0, mostAddresses),
      cause: undefined,
      at: now,
      expiresAt: now + good,
      staleUntil: now + good + staleIfError,
      isStale: false,
      turn: this.#known.get(key)?.turn ?? 0,
    };
    this.#put(key, answer, good + (isThere ? staleIfError : 0));
    return answer;
  }

  /** There is no such name, says `cause`. */
  keepNone(key: string, cause: unknown, now: number): void {
    const { negativeTtl } = this.#settings;
    const answer = { addresses: [], cause, at: now, expiresAt: now + negativeTtl, staleUntil: 0, isStale: false, turn: 0 };
    this.#put(key, answer, negativeTtl);
  }

  /** Nobody could say anything: what was known is used, and nobody is asked for a moment. */
  keepStale(key: string, now: number): Answer | undefined {
    const answer = this.stale(key, now);
    if (answer === undefined) return undefined;
    answer.isStale = true;
    answer.expiresAt = now + this.#settings.negativeTtl;
    return answer;
  }

  #put(key: string, answer: Answer, lifetime: number): void {
    // Whose turn it is outlives the answer.
    if (lifetime > 0 || this.#settings.spread) this.#known.set(key, answer);
    else this.#known.delete(key);
  }
}
