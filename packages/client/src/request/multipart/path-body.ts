/** A file on disk as content: looked at before it is sent, opened when its turn comes, and held to what was seen. */
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { Stats } from 'node:fs';

import type { ByteIterable } from '@x/httpcore';

import { BodyChanged, InvalidOption } from '../../errors.ts';
import { ChunkIterator, type ChunkSource } from '../body/chunks.ts';
import type { RequestBody } from '../body/request-body.ts';

/** As large as one read of a file stream of Node's. */
const chunkSize = 64 * 1024;

const ended: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

export class PathBody implements RequestBody {
  readonly contentType = undefined;
  /** Told by {@link measure}. */
  readonly length = undefined;
  readonly replayable = true;
  /** @internal */
  readonly path: string;
  readonly #field: string;
  #seen: Promise<Stats> | undefined = undefined;

  constructor(path: string, field: string) {
    this.path = path;
    this.#field = field;
  }

  /** Bytes; `undefined` for what is no regular file, such as a pipe. */
  async measure(): Promise<number | undefined> {
    const seen = await this.#look();
    return seen.isFile() ? seen.size : undefined;
  }

  open(): ByteIterable {
    return new ChunkIterator(async () => {
      const seen = await this.#look();
      return new FileSource(await open(this.path, 'r'), seen);
    });
  }

  discard(): void {}

  release(): void {}

  // Once: when it is sent again, it has to be the same file still.
  #look(): Promise<Stats> {
    return (this.#seen ??= this.#stat());
  }

  async #stat(): Promise<Stats> {
    let seen: Stats;
    try {
      seen = await stat(this.path);
    } catch (cause) {
      throw this.#unusable(`can not be read (${(cause as NodeJS.ErrnoException).code})`, cause);
    }
    if (seen.isDirectory()) throw this.#unusable('is a folder');
    return seen;
  }

  #unusable(problem: string, cause?: unknown): InvalidOption {
    return new InvalidOption('files', `has a path for ${JSON.stringify(this.#field)} that ${problem}: ${this.path}`, { cause });
  }
}

/** Reads as many bytes as were seen. Before the last of them it looks whether it is the file still that was seen. */
class FileSource implements ChunkSource {
  readonly #handle: FileHandle;
  readonly #seen: Stats;
  #left: number;

  constructor(handle: FileHandle, seen: Stats) {
    this.#handle = handle;
    this.#seen = seen;
    this.#left = seen.isFile() ? seen.size : Infinity;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      return await this.#read();
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<void> {
    await this.#handle.close();
  }

  async #read(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#left > 0) {
      const size = Math.min(chunkSize, this.#left);
      const { buffer, bytesRead } = await this.#handle.read(Buffer.allocUnsafeSlow(size), 0, size, null);
      this.#left -= bytesRead;
      if (bytesRead === 0 && this.#left !== Infinity) throw fileChanged();
      if (this.#left === 0) await this.#assertUnchanged();
      if (bytesRead > 0) return { done: false, value: bytesRead === size ? buffer : buffer.subarray(0, bytesRead) };
    } else {
      await this.#assertUnchanged();
    }
    await this.#handle.close();
    return ended;
  }

  async #assertUnchanged(): Promise<void> {
    const now = await this.#handle.stat();
    if (now.size !== this.#seen.size || now.mtimeMs !== this.#seen.mtimeMs) throw fileChanged();
  }
}

function fileChanged(): BodyChanged {
  return new BodyChanged('A file has changed since its size was announced to the server', { code: 'FILE_CHANGED' });
}
