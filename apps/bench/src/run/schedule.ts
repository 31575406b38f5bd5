/** Who is measured when. */

export interface Turn<T> {
  readonly round: number;
  readonly contender: T;
}

/**
 * All contenders once, then all again, and so on: whatever changes on the machine during a run changes for everybody.
 */
export function* interleave<T>(contenders: readonly T[], rounds: number): Generator<Turn<T>, void, undefined> {
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) yield { round, contender };
  }
}
