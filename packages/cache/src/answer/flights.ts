/** The exchanges that are under way, by what they bring. */
import { Flight } from './flight.ts';

const mostLoners = 1000;

export class Flights {
  readonly #flights = new Map<string, Flight[]>();
  /** URLs whose responses are for one request only: nobody waits for them in vain. */
  readonly #loners = new Set<string>();

  /** Equal requests have equal signatures. */
  find(key: string, signature: string): Flight | undefined {
    if (this.#loners.size > 0 && this.#loners.has(key)) return undefined;
    return this.#flights.get(key)?.find((flight) => flight.signature === signature);
  }

  begin(key: string, signature: string): Flight {
    const flight = new Flight(signature);
    const flights = this.#flights.get(key);
    if (flights === undefined) this.#flights.set(key, [flight]);
    else flights.push(flight);
    return flight;
  }

  end(key: string, flight: Flight): void {
    const flights = this.#flights.get(key);
    const at = flights?.indexOf(flight) ?? -1;
    if (at === -1) return;
    if (flights!.length === 1) this.#flights.delete(key);
    else flights!.splice(at, 1);
    flight.letGo();
  }

  /** What is under way may have been made before the change. */
  outdate(key: string): void {
    const flights = this.#flights.get(key);
    if (flights === undefined) return;
    for (const flight of flights) {
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
