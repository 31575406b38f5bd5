import { RecentFacts } from './recent-facts.ts';
import type { StoredResponse } from './store.ts';

/**
 * What was found out about responses that a store in memory hands out again and again. Bounded, and by id: a weak map over everything that is
 * stored would cost each garbage collection more than finding it out once more.
 */
export class RecentResponses<Fact> {
  readonly #facts = new RecentFacts<{ readonly response: StoredResponse; readonly fact: Fact }>(2000);

  /** Of this very object. */
  get(response: StoredResponse): Fact | undefined {
    const known = this.#facts.get(response.id);
    return known !== undefined && known.response === response ? known.fact : undefined;
  }

  set(response: StoredResponse, fact: Fact): void {
    this.#facts.set(response.id, { response, fact });
  }
}
