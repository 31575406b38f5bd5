/** So many are told apart. */
const most = 1000;

/** Tags that were purged lately, and when: what was asked for before that is not kept, although its tags are known only when it is answered. */
export class PurgedTags {
  readonly #moments = new Map<string, number>();
  /** The last one that is no longer among them. */
  #forgotten = 0;
  /** Counts purges. */
  moment = 0;

  add(tag: string): void {
    this.moment += 1;
    this.#moments.delete(tag);
    this.#moments.set(tag, this.moment);
    if (this.#moments.size <= most) return;
    for (const [oldest, moment] of this.#moments) {
      this.#moments.delete(oldest);
      this.#forgotten = moment;
      return;
    }
  }

  /** Has one of these been purged after that moment? Where that is no longer known, it may have been. */
  since(moment: number, tags: readonly string[]): boolean {
    if (tags.length === 0 || moment === this.moment) return false;
    return moment < this.#forgotten || tags.some((tag) => (this.#moments.get(tag) ?? 0) > moment);
  }
}
