/** Waits for conditions on the figures of a server: a test awaits the thing itself instead of asking again and again. */

interface Watcher<Subject> {
  readonly condition: (subject: Subject) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Conditions<Subject> {
  readonly #subject: Subject;
  #watchers: Watcher<Subject>[] = [];
  #closed = false;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** Resolves once the condition holds, at once if it does already; rejects when the server closes before that. */
  until(condition: (subject: Subject) => boolean): Promise<void> {
    if (condition(this.#subject)) return Promise.resolve();
    if (this.#closed) return Promise.reject(neverHolds());
    return new Promise((resolve, reject) => {
      this.#watchers.push({ condition, resolve, reject });
    });
  }

  /** To be called after every change of the subject. */
  changed(): void {
    if (this.#watchers.length === 0) return;
    this.#watchers = this.#watchers.filter((watcher) => {
      if (!watcher.condition(this.#subject)) return true;
      watcher.resolve();
      return false;
    });
  }

  serverClosed(): void {
    this.#closed = true;
    this.changed();
    const left = this.#watchers;
    this.#watchers = [];
    for (const watcher of left) watcher.reject(neverHolds());
  }
}

function neverHolds(): Error {
  return new Error('the server closed before the awaited condition held');
}
