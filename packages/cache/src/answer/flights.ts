/** The exchanges that are under way, by what they bring. */
import { Flight } from './flight.ts';

const mostLoners = 1000;

export class Flights {
  readonly #flights = new Map<string, Map<string, Flight>>();
  /** URLs whose responses are for one request only: nobody waits for them in vain. */
  readonly #loners = new Set<string>();

  /** Equal requests have equal signatures. */
  find(key: string, signature: string): Flight | undefined {
    return this.#loners.size > 0 && this.#loners.has(key) ? undefined : this.#flights.get(key)?.get(signature);
  }

  begin(key: string, signature: string): Flight {
    const flight = new Flight();
    const flights = this.#flights.get(key);
    if (flights === undefined) this.#flights.set(key, new Map([[signature, flight]]));
    else flights.set(signature, flight);
    return flight;
  }

  end(key: string, signature: string, flight: Flight): void {
    const flights = this.#flights.get(key);
    if (flights?.get(signature) !== flight) return;
    flights.delete(signature);
    if (flights.size === 0) this.#flights.delete(key);
  }

  /** What is under way may have been made before the change. */
  outdate(key: string): void {
    const flights = this.#flights.get(key);
    if (flights === undefined) return;
    for (const flight of flights.values()) {
      flight.isOutdated = true;
      const { landing } = flight;
      if (landing?.kind === 'shared') landing.body.keepOut();
    }
    this.#flights.delete(key);
  }

  isLoner(key: string): boolean {
    return this.#loners.has(key);
  }

  markLoner(key: string, isLoner: boolean): void {
    if (!isLoner) {
      if (this.#loners.size > 0) this.#loners.delete(key);
      return;
    }
    if (this.#loners.size >= mostLoners) this.#loners.delete(this.#loners.values().next().value!);
    this.#loners.add(key);
  }
}
