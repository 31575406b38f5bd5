/**
 * A file that is being saved. It appears under its name only as a whole: until then its bytes are in `name.….part` beside it, on
 * the same file system, so that a rename is all that is left to do.
 *
 * For a download that may go on another day, the part has a name that can be found again, and a note beside it says of which
 * representation it is. What has such a name and no note of ours is somebody else's: it is left alone, and the part gets another name.
 */
import { createHash, randomBytes, type Hash } from 'node:crypto';
import { lstat, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';

import { InvalidOption } from '../../errors.ts';
import { openOwn, PartNote } from './part-note.ts';

const chunkSize = 64 * 1024;
// Of 255 bytes that a name may have on most file systems, so much is left when ours are taken off.
const longestStem = 180;

/** The parts that this process is writing. */
const inUse = new Set<string>();

/** Of which representation the bytes are. */
export interface PartOrigin {
  readonly url: string;
  /** A strong validator (RFC 9110 §8.8.1): equal ones mean equal bytes. */
  readonly validator: string;
}

export class PartialFile {
  readonly #path: string;
  readonly #partPath: string;
  readonly #handle: FileHandle;
  /** Only where it may go on another day. */
  readonly #note: PartNote | undefined;
  #size: number;

  private constructor(path: string, partPath: string, handle: FileHandle, size: number, note?: PartNote) {
    this.#path = path;
    this.#partPath = partPath;
    this.#handle = handle;
    this.#size = size;
    this.#note = note;
  }

  /**
   * A part of its own, whoever else saves to the same path.
   * @throws {InvalidOption} the path can not become a file.
   */
  static async create(path: string): Promise<PartialFile> {
    const mode = await modeOf(path);
    let stem = basename(path);
    while (Buffer.byteLength(stem) > longestStem) stem = stem.slice(0, -1);
    const partPath = join(dirname(path), `.${stem}.${randomBytes(6).toString('hex')}.part`);
    return new PartialFile(path, partPath, await openNew(partPath, mode), 0);
  }

  /**
   * The part that was left the last time, or a new one. Where its name belongs to somebody else, or to another download that runs,
   * it is one as {@link create} gives.
   * @throws {InvalidOption} the path can not become a file.
   */
  static async reopen(path: string): Promise<PartialFile> {
    const mode = await modeOf(path);
    const partPath = resolve(`${path}.part`);
    if (inUse.has(partPath)) return PartialFile.create(path);
    inUse.add(partPath);
    let file: PartialFile | undefined;
    try {
      file = await PartialFile.#reopen(path, partPath, mode);
    } finally {
      if (file === undefined) inUse.delete(partPath);
    }
    return file ?? PartialFile.create(path);
  }

  static async #reopen(path: string, partPath: string, mode: number | undefined): Promise<PartialFile | undefined> {
    const note = await PartNote.take(`${partPath}.json`);
    if (note === undefined) return undefined;
    const left = note.isNew ? 'none' : await openOwn(partPath);
    if (left === 'foreign') return undefined;
    try {
      if (left !== 'none') {
        await takeMode(left, mode);
        return new PartialFile(path, partPath, left, (await left.stat()).size, note);
      }
      const handle = await openNew(partPath, mode);
      return new PartialFile(path, partPath, handle, 0, note);
    } catch (error) {
      if (left !== 'none') await left.close();
      if (note.isNew) await note.remove();
      // There is something already, of which our note knows nothing.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
      throw error;
    }
  }

  /** Bytes that are here. */
  get size(): number {
    return this.#size;
  }

  /** Are the bytes that are here of this representation? */
  isOf({ url, validator }: PartOrigin): boolean {
    return this.#note?.url === digestOf(url) && this.#note.validator === validator;
  }

  /** Of which representation of this URL the bytes are that are here, if they can be gone on with. */
  originOf(url: string): PartOrigin | undefined {
    const validator = this.#note?.validator;
    if (this.#size === 0 || this.#note?.url !== digestOf(url)) return undefined;
    return typeof validator === 'string' ? { url, validator } : undefined;
  }

  /** Begins at the first byte, with bytes of this representation; `undefined` for one that can not be asked for in parts. */
  async restart(origin: PartOrigin | undefined): Promise<void> {
    await this.#note?.assertOurs();
    // The note first, and without a validator: one of nothing does no harm, bytes of something else would.
    await this.#note?.write(origin === undefined ? null : digestOf(origin.url), null);
    await this.#handle.truncate(0);
    this.#size = 0;
    if (origin !== undefined) await this.#note?.write(digestOf(origin.url), origin.validator);
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.length;) {
      const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written, this.#size);
      written += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  /** What is here, for a digest that began without it. */
  async digestInto(hash: Hash, signal: AbortSignal): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(chunkSize);
    for (let position = 0; position < this.#size;) {
      signal.throwIfAborted();
      const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(chunkSize, this.#size - position), position);
      if (bytesRead === 0) throw new Error(`${this.#partPath} has become shorter while it was read`);
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  }

  /** It is whole, and takes its name, from whatever file has it now. */
  async commit(): Promise<void> {
    await this.#handle.sync();
    await this.#assertUntouched();
    await this.#handle.close();
    await rename(this.#partPath, this.#path);
    await this.#note?.remove();
    inUse.delete(this.#partPath);
  }

  /** It will not become whole this time. Kept, where it can be gone on with. Never throws. */
  async abandon(): Promise<void> {
    const isKept = this.#size > 0 && typeof this.#note?.validator === 'string';
    await this.#letGo(isKept);
  }

  /** It is not what it should be. Never throws. */
  async discard(): Promise<void> {
    await this.#letGo(false);
  }

  async #letGo(isKept: boolean): Promise<void> {
    await this.#handle.close().catch(() => {});
    if (!isKept && (await this.#isOurs())) {
      await rm(this.#partPath, { force: true }).catch(() => {});
      await this.#note?.remove();
    }
    inUse.delete(this.#partPath);
  }

  async #isOurs(): Promise<boolean> {
    return this.#note === undefined || (await this.#note.isOurs());
  }

  /** @throws {Error} somebody has put something else in its place, or has written to it. */
  async #assertUntouched(): Promise<void> {
    await this.#note?.assertOurs();
    const [mine, there] = [await this.#handle.stat(), await lstat(this.#partPath)];
    if (mine.ino !== there.ino || mine.dev !== there.dev || mine.size !== this.#size)
      throw new Error(`${this.#partPath} was changed by somebody else while it was being saved`);
  }
}

/**
 * The permissions of the file that is there; `undefined` without one.
 * @throws {InvalidOption} there is something that no file can take the place of.
 */
async function modeOf(path: string): Promise<number | undefined> {
  if (path.endsWith('/') || path.endsWith(sep)) throw new InvalidOption('path', `ends as a folder does: ${path}; name a file in it`);
  let found;
  try {
    found = await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (found.isDirectory()) throw new InvalidOption('path', `is a folder: ${path}; name a file in it`);
  if (!found.isFile())
    throw new InvalidOption(
      'path',
      `is a device, a pipe or a socket: ${path}; use toNodeStream() to write to it, since a saved file takes its place`,
    );
  return found.mode & 0o777;
}

async function openNew(path: string, mode: number | undefined): Promise<FileHandle> {
  const handle = await open(path, 'wx+', mode ?? 0o666);
  try {
    await takeMode(handle, mode);
  } catch (error) {
    await handle.close();
    await rm(path, { force: true });
    throw error;
  }
  return handle;
}

/** The permissions of the file whose place it takes: what the process takes off of those of new files does not apply to one that is there. */
async function takeMode(handle: FileHandle, mode: number | undefined): Promise<void> {
  if (mode === undefined) return;
  try {
    await handle.chmod(mode);
  } catch (error) {
    // Node's permission model and some file systems refuse it. Fewer permissions do no harm; more would.
    if (((await handle.stat()).mode & 0o777 & ~mode) !== 0) throw error;
  }
}

/** A URL may hold secrets. */
function digestOf(url: string): string {
  return createHash('sha256').update(url).digest('hex');
}
