import { RecentMap } from '../../model/recent-map.ts';

/** So many addresses are remembered as failing. */
const rememberedAddresses = 1_000;

/** The addresses that did not lead anywhere a while ago. */
export class FailingAddresses {
  readonly #period: number;
  /** Until when each is avoided, in clock milliseconds. */
  readonly #until = new RecentMap<number>(rememberedAddresses);

  /** `period`: in milliseconds. */
  constructor(period: number) {
    this.#period = period;
  }

  onFailed(address: string, port: number, now: number): void {
    if (this.#period > 0) this.#until.set(`${address} ${port}`, now + this.#period);
  }

  onConnected(address: string, port: number): void {
    if (this.#until.size > 0) this.#until.delete(`${address} ${port}`);
  }

  /** Once its time is over, the one who asks first tries it; the others go on avoiding it for as long again. */
  isAvoided(address: string, port: number, now: number): boolean {
    if (this.#until.size === 0) return false;
    const until = this.#until.get(`${address} ${port}`);
    if (until === undefined) return false;
    if (until <= now) this.onFailed(address, port, now);
    return until > now;
  }
}
