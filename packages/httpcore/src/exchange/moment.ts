/** A moment that somebody waits for. */
export class Moment {
  readonly reached: Promise<void>;
  reach!: () => void;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.reach = resolve;
    });
  }
}
