/** Which entries have which tags. */
export class TagIndex {
  readonly #names = new Map<string, Set<string>>();
  readonly #tags = new Map<string, readonly string[]>();

  set(name: string, tags: readonly string[]): void {
    this.remove(name);
    if (tags.length === 0) return;
    this.#tags.set(name, tags);
    for (const tag of tags) {
      const names = this.#names.get(tag);
      if (names === undefined) this.#names.set(tag, new Set([name]));
      else names.add(name);
    }
  }

  remove(name: string): void {
    for (const tag of this.#tags.get(name) ?? []) {
      const names = this.#names.get(tag);
      names?.delete(name);
      if (names?.size === 0) this.#names.delete(tag);
    }
    this.#tags.delete(name);
  }

  named(tag: string): string[] {
    return [...(this.#names.get(tag) ?? [])];
  }

  clear(): void {
    this.#names.clear();
    this.#tags.clear();
  }
}
