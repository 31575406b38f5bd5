/**
 * What may follow what, said by names and kept by numbers: a transition is one look into an array, where a table of objects costs two
 * look-ups by a name that is not known before, several times a request.
 *
 * @example
 * const doors = new StateMachine('door', { open: { close: 'closed' }, closed: { open: 'open' } });
 * doors.after(doors.states.open, doors.events.close); // doors.states.closed
 */
export class StateMachine<State extends string, Event extends string> {
  readonly states: Readonly<Record<State, number>>;
  readonly events: Readonly<Record<Event, number>>;
  readonly #what: string;
  readonly #stateNames: readonly string[];
  readonly #eventNames: readonly string[];
  readonly #table: readonly number[];

  constructor(what: string, table: Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>>) {
    this.#what = what;
    const rows: readonly Readonly<Partial<Record<string, State>>>[] = Object.values(table);
    const states = (this.#stateNames = Object.keys(table));
    const events = (this.#eventNames = Array.from(new Set(rows.flatMap((row) => Object.keys(row)))));
    this.states = numbered<State>(states);
    this.events = numbered<Event>(events);
    this.#table = rows.flatMap((row) => events.map((event) => (row[event] === undefined ? -1 : this.states[row[event]])));
  }

  /** The state after `event`. @throws {Error} where the table has none: a mistake of ours. */
  after(state: number, event: number): number {
    const next = this.#table[state * this.#eventNames.length + event]!;
    if (next === -1) throw new Error(`${this.#what}: ${this.#eventNames[event]} in state ${this.#stateNames[state]}`);
    return next;
  }
}

function numbered<Name extends string>(names: readonly string[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;
}
