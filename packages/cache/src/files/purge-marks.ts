import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { hashedKey } from '../store/record.ts';
import { nothingIfAbsent } from './absence.ts';

/** Moments in milliseconds since 1970: those who share a folder mostly have one clock. */
interface PurgeMark {
  readonly by: string;
  readonly at: number;
  readonly until: number;
}

/** Those that have run out are removed after so many new ones. */
const sweptAfter = 200;

/** What was purged lately, and by whom: a file for each name, in a folder that is there only if anything ever was. */
export class PurgeMarks {
  readonly #folder: string;
  readonly #newDraft: () => string;
  #added = 0;

  constructor(folder: string, newDraft: () => string) {
    this.#folder = folder;
    this.#newDraft = newDraft;
  }

  async add(names: readonly string[], by: string, milliseconds: number): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const at = Date.now();
    const text = JSON.stringify({ by, at, until: at + milliseconds } satisfies PurgeMark);
    await Promise.all(names.map((name) => this.#write(this.#pathOf(name), text)));
    this.#added += names.length;
    if (this.#added < sweptAfter) return;
    this.#added = 0;
    await this.sweep();
  }

  /** How many milliseconds ago. */
  async latest(names: readonly string[], by: string): Promise<number | undefined> {
    // Mostly there is none at all.
    const marked = new Set((await readdir(this.#folder).catch(nothingIfAbsent)) ?? []);
    const now = Date.now();
    const reading = names.filter((name) => marked.has(hashedKey(name))).map((name) => this.#read(this.#pathOf(name)));
    const marks = await Promise.all(reading);
    const agos = marks.flatMap((mark) => (mark === undefined || mark.by === by || mark.until < now ? [] : Math.max(0, now - mark.at)));
    return agos.length === 0 ? undefined : Math.min(...agos);
  }

  /** Without those that have run out. */
  async sweep(): Promise<void> {
    const now = Date.now();
    for (const name of (await readdir(this.#folder).catch(nothingIfAbsent)) ?? []) {
      const path = join(this.#folder, name);
      const mark = await this.#read(path);
      if (mark === undefined || mark.until < now) await rm(path, { force: true, recursive: true });
    }
  }

  #pathOf(name: string): string {
    return join(this.#folder, hashedKey(name));
  }

  async #write(path: string, text: string): Promise<void> {
    const draft = this.#newDraft();
    try {
      await writeFile(draft, text, { flag: 'wx', mode: 0o600 });
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** What is none of ours says nothing. */
  async #read(path: string): Promise<PurgeMark | undefined> {
    const text = await readFile(path, 'utf8').catch(nothingIfAbsent);
    try {
      const { by, at, until } = JSON.parse(text ?? '{}') as Partial<PurgeMark>;
      return typeof by === 'string' && Number.isFinite(at) && Number.isFinite(until) ? { by, at: at!, until: until! } : undefined;
    } catch {
      return undefined;
    }
  }
}
