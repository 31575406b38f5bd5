/** A place in the list of what runs. */
export interface Running {
  next: this | undefined;
  previous: this | undefined;
}

/**
 * What runs, as a list through those who run. Not a `Set`: the tables that a long-lived one leaves behind hold on to what was in them, and each
 * to the next, so that every call would stay until a full collection.
 */
export class RunningCalls<Call extends Running> {
  #first: Call | undefined = undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  add(call: Call): void {
    const first = this.#first;
    call.next = first;
    if (first !== undefined) first.previous = call;
    this.#first = call;
  }

  /** Only what is in it. */
  remove(call: Call): void {
    const { next, previous } = call;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    call.next = undefined;
    call.previous = undefined;
  }

  /** Those that run now. */
  all(): Call[] {
    const all: Call[] = [];
    for (let call = this.#first; call !== undefined; call = call.next) all.push(call);
    return all;
  }
}
