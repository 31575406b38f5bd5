/**
 * A file that is being saved. It appears under its name only as a whole: until then its bytes are in `name.….part` beside it, on
 * the same file system, so that a rename is all that is left to do.
 *
 * For a download that may go on another day, the part has a name that can be found again, and beside it a note says of which
 * representation it is: a digest of the URL, which may hold secrets, and the validator.
 */
import { createHash, randomBytes, type Hash } from 'node:crypto';
import { open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const chunkSize = 64 * 1024;

/** Of which representation the bytes are. */
export interface PartOrigin {
  readonly url: string;
  /** A strong validator (RFC 9110 §8.8.1): equal ones mean equal bytes. */
  readonly validator: string;
}

export class PartialFile {
  readonly #path: string;
  readonly #partPath: string;
  readonly #notePath: string | undefined;
  readonly #handle: FileHandle;
  #size: number;
  #note: string | undefined;

  private constructor(path: string, partPath: string, notePath: string | undefined, handle: FileHandle, size: number, note?: string) {
    this.#path = path;
    this.#partPath = partPath;
    this.#notePath = notePath;
    this.#handle = handle;
    this.#size = size;
    this.#note = note;
  }

  /** A part of its own, whoever else saves to the same path. */
  static async create(path: string): Promise<PartialFile> {
    const partPath = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`);
    return new PartialFile(path, partPath, undefined, await open(partPath, 'wx+'), 0);
  }

  /** The part that was left the last time, or a new one. Two that save to the same path in this way get in each other's way. */
  static async reopen(path: string): Promise<PartialFile> {
    const partPath = `${path}.part`;
    const notePath = `${partPath}.json`;
    const handle = await open(partPath, 'r+').catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return open(partPath, 'wx+');
    });
    try {
      const { size } = await handle.stat();
      const note = await readFile(notePath, 'utf8').catch(() => undefined);
      return new PartialFile(path, partPath, notePath, handle, size, note);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes that are here. */
  get size(): number {
    return this.#size;
  }

  /** Are the bytes that are here of this representation? */
  isOf(origin: PartOrigin): boolean {
    return this.#note === noteOf(origin);
  }

  /** Begins at the first byte, with bytes of this representation; `undefined` for one that can not be asked for in parts. */
  async restart(origin: PartOrigin | undefined): Promise<void> {
    this.#note = undefined;
    if (this.#notePath !== undefined) await rm(this.#notePath, { force: true });
    await this.#handle.truncate(0);
    this.#size = 0;
    if (origin === undefined || this.#notePath === undefined) return;
    // Before any of its bytes: a note of nothing does no harm, bytes of something else would.
    this.#note = noteOf(origin);
    await writeFile(this.#notePath, this.#note);
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.length;) {
      const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written, this.#size);
      written += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  /** What is here, for a digest that began without it. */
  async digestInto(hash: Hash): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(chunkSize);
    for (let position = 0; position < this.#size;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(chunkSize, this.#size - position), position);
      if (bytesRead === 0) throw new Error(`${this.#partPath} has become shorter while it was read`);
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  }

  /** It is whole, and takes its name, from whatever file has it now. */
  async commit(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    await rename(this.#partPath, this.#path);
    if (this.#notePath !== undefined) await rm(this.#notePath, { force: true });
  }

  /** It will not become whole this time. Kept, where it can be gone on with. Never throws. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
    if (this.#note === undefined || this.#size === 0) await this.#remove();
  }

  /** It is not what it should be. Never throws. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await this.#remove();
  }

  async #remove(): Promise<void> {
    for (const path of [this.#partPath, this.#notePath]) {
      if (path !== undefined) await rm(path, { force: true }).catch(() => {});
    }
  }
}

function noteOf({ url, validator }: PartOrigin): string {
  return JSON.stringify({ url: createHash('sha256').update(url).digest('hex'), validator });
}
