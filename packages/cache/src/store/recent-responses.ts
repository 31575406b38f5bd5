import type { StoredResponse } from './store.ts';

const most = 2000;

/**
 * What was found out about responses that a store in memory hands out again and again. Bounded, and by id: a weak map over everything that is
 * stored would cost each garbage collection more than finding it out once more.
 */
export class RecentResponses<Fact> {
  readonly #facts = new Map<string, { readonly response: StoredResponse; readonly fact: Fact }>();

  /** Of this very object. */
  get(response: StoredResponse): Fact | undefined {
    const known = this.#facts.get(response.id);
    return known !== undefined && known.response === response ? known.fact : undefined;
  }

  set(response: StoredResponse, fact: Fact): void {
    this.#facts.delete(response.id);
    if (this.#facts.size >= most) this.#facts.delete(this.#facts.keys().next().value!);
    this.#facts.set(response.id, { response, fact });
  }
}
