/** What several ask for at the same time is done once. */
export class SingleFlight<Value> {
  readonly #flights = new Map<unknown, Promise<Value>>();

  /** What `task` comes to, or one with the same key that is under way. */
  run(key: unknown, task: () => Value | Promise<Value>): Promise<Value> {
    const present = this.#flights.get(key);
    if (present !== undefined) return present;
    const flight = new Promise<Value>((resolve) => resolve(task()));
    this.#flights.set(key, flight);
    const land = (): void => void this.#flights.delete(key);
    flight.then(land, land);
    return flight;
  }
}
