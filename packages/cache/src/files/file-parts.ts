import { open, type FileHandle } from 'node:fs/promises';

import { nothingIfAbsent } from './absence.ts';
import { partSize, type PartSource } from '../store/parts.ts';
import type { StoreRecord } from '../store/record.ts';

/** Open as long as it is read: what is removed meanwhile is read to its end. */
export class FileParts implements PartSource {
  readonly record: StoreRecord;
  readonly onBroken: () => Promise<void>;
  readonly #path: string;
  #file: Promise<FileHandle> | undefined = undefined;

  constructor(path: string, record: StoreRecord, onBroken: () => Promise<void>) {
    this.#path = path;
    this.record = record;
    this.onBroken = onBroken;
  }

  async read(number: number): Promise<Uint8Array | undefined> {
    this.#file ??= open(this.#path);
    const part = new Uint8Array(partSize);
    let length = 0;
    try {
      const file = await this.#file;
      while (length < partSize) {
        const { bytesRead } = await file.read(part, length, partSize - length, number * partSize + length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
    } catch (error) {
      return nothingIfAbsent(error);
    }
    return part.subarray(0, length);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await (await file?.catch(() => undefined))?.close();
  }
}
