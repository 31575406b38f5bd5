import type { StreamResponse } from '../response/stream-response.ts';
import type { Attempt } from './attempt.ts';

/** The requests of a call. Nearly every call has one, and nobody asks for a list of it: there is none until somebody does. */
export class Attempts {
  #first: Attempt | undefined = undefined;
  #all: Attempt[] | undefined = undefined;

  /** Oldest first; those that are still to come are added to it. */
  get all(): readonly Attempt[] {
    return (this.#all ??= this.#first === undefined ? [] : [this.#first]);
  }

  get first(): Attempt | undefined {
    return this.#first;
  }

  get latest(): Attempt | undefined {
    return this.#all === undefined ? this.#first : this.#all.at(-1);
  }

  add(attempt: Attempt): void {
    if (this.#first === undefined) {
      this.#first = attempt;
      this.#all?.push(attempt);
    } else {
      this.#all ??= [this.#first];
      this.#all.push(attempt);
    }
  }

  /** The one that this is the response to; `undefined` for what no dispatcher gave. */
  of({ attempt: wanted }: StreamResponse): Attempt | undefined {
    return this.#first === wanted ? this.#first : this.#all?.find((attempt) => attempt === wanted);
  }

  /** Does another one wait for an answer at the same time? */
  isBesideAnother(attempt: Attempt): boolean {
    return (
      this.#all !== undefined && this.#all.some((other) => other !== attempt && other.status === undefined && other.error === undefined)
    );
  }

  /** Ends all of them: whatever holds a connection lets go of it. */
  settle(): void {
    if (this.#all === undefined) this.#first?.settle();
    else for (const attempt of this.#all) attempt.settle();
  }
}
