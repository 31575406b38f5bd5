/** The waterfalls of a run as files: `<job>-<n>.svg`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { waterfallPicture, type Waterfall } from '@x/figures';

export class Pictures {
  readonly folder: string;
  readonly #counts = new Map<string, number>();

  /** @throws {Error} the folder can not be made. */
  constructor(folder: string) {
    this.folder = resolve(folder);
    mkdirSync(this.folder, { recursive: true });
  }

  get count(): number {
    return [...this.#counts.values()].reduce((all, each) => all + each, 0);
  }

  keep(job: string, waterfall: Waterfall): void {
    const count = (this.#counts.get(job) ?? 0) + 1;
    this.#counts.set(job, count);
    const caption = `What ${waterfall.attempts.map(({ title }) => title).join(', then ')} went through`;
    writeFileSync(join(this.folder, `${job}-${count}.svg`), waterfallPicture(waterfall, caption));
  }
}
