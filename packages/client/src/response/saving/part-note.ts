/** The note beside a part: that the part is ours, of which representation it is, and which download writes it now. */
import { randomBytes } from 'node:crypto';
import { constants, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';

// Not there on Windows, where links need rights that few have.
const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0;
// Opening a pipe would wait for who writes to it.
const noWait = (constants.O_NONBLOCK as number | undefined) ?? 0;
const longestNote = 4_096;
const maker = '@x/client';

interface NoteText {
  readonly by: typeof maker;
  readonly owner: string;
  readonly url: string | null;
  readonly validator: string | null;
}

export class PartNote {
  /** Was there none? */
  readonly isNew: boolean;
  readonly #path: string;
  readonly #owner = randomBytes(8).toString('hex');
  #url: string | null;
  #validator: string | null;

  private constructor(path: string, known: NoteText | undefined) {
    this.#path = path;
    this.isNew = known === undefined;
    this.#url = known?.url ?? null;
    this.#validator = known?.validator ?? null;
  }

  /** The one that is there, or a new one; `undefined` where there is something that is no note of ours. From now on it is this download's. */
  static async take(path: string): Promise<PartNote | undefined> {
    const text = await readText(path);
    if (text === 'foreign') return undefined;
    const known = text === 'none' ? undefined : parseNote(text);
    if (text !== 'none' && known === undefined) return undefined;
    const note = new PartNote(path, known);
    try {
      await note.write(note.#url, note.#validator);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') return undefined;
      throw error;
    }
    return note;
  }

  /** A digest of the URL. */
  get url(): string | null {
    return this.#url;
  }

  /** `null` while the bytes can not be gone on with. */
  get validator(): string | null {
    return this.#validator;
  }

  async write(url: string | null, validator: string | null): Promise<void> {
    const text: NoteText = { by: maker, owner: this.#owner, url, validator };
    // Made anew: there is one at any time, and no link is followed that somebody has put there.
    const draft = `${this.#path}.${this.#owner}`;
    await writeFile(draft, JSON.stringify(text), { flag: 'wx' });
    await rename(draft, this.#path);
    this.#url = url;
    this.#validator = validator;
  }

  async isOurs(): Promise<boolean> {
    return parseNote(await readText(this.#path))?.owner === this.#owner;
  }

  /** @throws {Error} */
  async assertOurs(): Promise<void> {
    if (!(await this.isOurs()))
      throw new Error(`${this.#path.slice(0, -'.json'.length)} was taken over by another download of the same file`);
  }

  /** Never throws. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => {});
  }
}

/** For reading and writing, if it is a file that has this name and no other. */
export async function openOwn(path: string): Promise<FileHandle | 'none' | 'foreign'> {
  try {
    const handle = await open(path, constants.O_RDWR | noFollow | noWait);
    const found = await handle.stat().catch(() => undefined);
    if (found?.isFile() === true && found.nlink === 1) return handle;
    await handle.close();
    return 'foreign';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'foreign';
  }
}

async function readText(path: string): Promise<string> {
  const handle = await openOwn(path);
  if (typeof handle === 'string') return handle;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(longestNote), 0, longestNote, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function parseNote(text: string): NoteText | undefined {
  let note: Partial<NoteText>;
  try {
    note = Object(JSON.parse(text)) as Partial<NoteText>;
  } catch {
    return undefined;
  }
  const { by, owner, url, validator } = note;
  const isText = (value: unknown): value is string | null => value === null || typeof value === 'string';
  return by === maker && typeof owner === 'string' && isText(url) && isText(validator) ? { by, owner, url, validator } : undefined;
}
