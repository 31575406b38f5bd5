import type { AddressSource } from '../../contract/trace.ts';
import type { Clock, Scheduled } from '../../time/clock.ts';
import { PatientTimer } from '../../time/patient-timer.ts';
import type { Answer } from './answers.ts';
import type { NameOutcome } from './name-source.ts';

/** RFC 8767 §5: who is asked may be silent for this long, in milliseconds, before an old answer is taken. */
const patience = 1_800;

export interface Resolving {
  /** The answer is not wanted any more. The system's own look-up runs to its end all the same: it can't be called off. */
  cancel(): void;
}

export type LookUpWaiter = (answer: Answer | undefined, source: AddressSource, cause: unknown) => void;

/** What a look-up is about. */
export interface LookUpSubject {
  ask(onOutcome: (outcome: NameOutcome) => void): void;
  /** What is known when the outcome is there; nothing, where there is no answer. */
  learn(outcome: NameOutcome): Answer | undefined;
  /** An answer whose time is over, if it is better than nothing. */
  stale(): Answer | undefined;
  /** Nobody waits for it from now on: it is over, or was given up by whoever began it. */
  onLeft(): void;
}

/** One question that is under way, and who waits for its answer. */
export class LookUp {
  readonly #subject: LookUpSubject;
  readonly #clock: Clock;
  readonly #waiters = new Set<LookUpWaiter>();
  #isOver = false;
  #patience: Scheduled | undefined;
  #isSlow = false;

  constructor(subject: LookUpSubject, clock: Clock) {
    this.#subject = subject;
    this.#clock = clock;
  }

  begin(waiter: LookUpWaiter): Resolving {
    this.#waiters.add(waiter);
    if (this.#subject.stale() !== undefined) this.#patience = new PatientTimer(this.#clock, patience, () => this.#giveStale(), true);
    try {
      this.#subject.ask((outcome) => this.#end(outcome));
    } catch (cause) {
      this.#end({ addresses: undefined, cause });
    }
    return {
      cancel: () => {
        this.#leave(waiter);
        this.#subject.onLeft();
      },
    };
  }

  /** Whoever is asked said nothing for so long that not even an old answer is left. */
  get isHopeless(): boolean {
    return this.#isSlow && this.#subject.stale() === undefined;
  }

  wait(waiter: LookUpWaiter): Resolving {
    this.#waiters.add(waiter);
    if (this.#isSlow) this.#giveStale();
    return { cancel: () => this.#leave(waiter) };
  }

  #leave(waiter: LookUpWaiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) this.#patience?.cancel();
  }

  #giveStale(): void {
    const answer = this.#subject.stale();
    if (answer === undefined) return;
    this.#isSlow = true;
    this.#tell(answer, 'stale', undefined);
  }

  #end(outcome: NameOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#patience?.cancel();
    // Before anybody is told.
    this.#subject.onLeft();
    const answer = this.#subject.learn(outcome);
    this.#tell(answer, answer?.isStale === true ? 'stale' : 'lookup', outcome.addresses === undefined ? outcome.cause : undefined);
  }

  #tell(answer: Answer | undefined, source: AddressSource, cause: unknown): void {
    // One of them may cancel others.
    for (const waiter of this.#waiters) {
      this.#waiters.delete(waiter);
      waiter(answer, source, cause);
    }
  }
}
