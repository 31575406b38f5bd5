import { mkdir, open, readdir, readFile, rename, rm, stat, unlink, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { InvalidCacheOption } from '../errors.ts';
import { nothingIfAbsent } from './absence.ts';
import { FileParts } from './file-parts.ts';
import { PurgeMarks } from './purge-marks.ts';
import { isWholeBody, openParts, PartDigests } from '../store/parts.ts';
import { DecodedRecords } from '../store/decoded-records.ts';
import { newResponseId } from '../store/response-id.ts';
import { decodeRecord, encodeRecord, hashedKey, isId, type StoreRecord } from '../store/record.ts';
import type { CacheStore, StoredBytes, StoredResponse, StoreSize, StoreWriter } from '../store/store.ts';
import { TagIndex } from '../store/tag-index.ts';
import { UseOrder } from '../store/use-order.ts';

/** How much the files may be together. */
export interface FileStoreOptions {
  /** Bytes of everything that is kept. Default 1 GiB; what has not been used for longest goes. */
  readonly maxBytes?: number | undefined;
}

/** What a response costs beside its bytes. */
const overhead = 1024;
/** Bodies up to this size are read, and checked, before any of it is handed out. */
const checkedFirst = 1024 * 1024;
// What is stored may be for one user alone.
const privateFile = 0o600;
const privateFolder = 0o700;

/**
 * Keeps responses in a folder that is the store's alone: for each a file with its body and one with everything else, which takes its name last. A
 * process that is killed, at whatever byte, leaves no half response behind: what it was writing is swept out by the next one. Several
 * processes may share it: each looks anew at what the others have written when a quarter of `maxBytes` is new from itself, so that much may be there from
 * each beyond `maxBytes`.
 *
 * @throws {InvalidCacheOption} `maxBytes` is no positive number.
 * @example
 * import { FileStore } from '@x/cache/files';
 *
 * const cache = new HttpCache({ store: new FileStore('.cache/http', { maxBytes: 512 * 1024 * 1024 }) });
 */
export class FileStore implements CacheStore {
  readonly #entries: string;
  readonly #drafts: string;
  readonly #maxBytes: number;
  readonly #order: UseOrder;
  readonly #tags = new TagIndex();
  readonly #marks: PurgeMarks;
  readonly #decoded = new DecodedRecords();
  readonly #records = new WeakMap<StoredResponse, StoreRecord>();
  #folders: Promise<unknown> | undefined = undefined;
  #swept: Promise<void> | undefined = undefined;
  #looking: Promise<void> | undefined = undefined;
  /** Bytes that were written since it was looked. */
  #unseen = 0;

  constructor(folder: string, { maxBytes = 1024 ** 3 }: FileStoreOptions = {}) {
    if (typeof folder !== 'string' || folder === '') throw new InvalidCacheOption('folder', 'must be the path of a folder');
    if (typeof maxBytes !== 'number' || !(maxBytes > 0)) throw new InvalidCacheOption('maxBytes', 'must be a positive number of bytes');
    this.#entries = join(folder, 'responses');
    this.#drafts = join(folder, 'drafts');
    this.#marks = new PurgeMarks(join(folder, 'purged'), () => this.#newDraft());
    this.#maxBytes = maxBytes;
    this.#order = new UseOrder(maxBytes);
  }

  async find(key: string): Promise<readonly StoredResponse[]> {
    await this.#opened();
    const folder = this.#folderOf(key);
    const names = await namesIn(folder);
    const found: StoredResponse[] = [];
    let failure: { readonly error: unknown } | undefined;
    await Promise.all(
      names
        .filter((name) => name.endsWith('.head'))
        .map(async (name) => {
          const id = name.slice(0, -'.head'.length);
          try {
            const record = await this.#read(key, id);
            if (record === undefined) await this.#remove(key, id);
            else found.push(record.response);
          } catch (error) {
            failure = { error };
          }
        }),
    );
    // What can't be read at the moment is there all the same: one of several is passed over.
    if (found.length === 0 && failure !== undefined) throw failure.error;
    return found;
  }

  async open(key: string, response: StoredResponse, start: number, end: number): Promise<StoredBytes | undefined> {
    await this.#opened();
    const record = this.#records.get(response) ?? (await this.#read(key, response.id));
    const path = join(this.#folderOf(key), `${response.id}.body`);
    const actual = await stat(path).catch(nothingIfAbsent);
    if (record === undefined || actual?.size !== record.response.length) {
      await this.#remove(key, response.id);
      return undefined;
    }
    this.#touch(key, response.id, actual.mtimeMs);
    if (actual.size <= checkedFirst) {
      // Another process may have removed it this moment.
      const body = await readFile(path).catch(nothingIfAbsent);
      if (body !== undefined && isWholeBody(body, record)) return body.subarray(start, end);
      await this.#remove(key, response.id);
      return undefined;
    }
    return openParts(new FileParts(path, record, () => this.#remove(key, response.id)), start, end);
  }

  write(key: string, response: StoredResponse): StoreWriter {
    const draft = this.#newDraft();
    const digests = new PartDigests();
    let file: Promise<FileHandle> | undefined;
    let written: Promise<unknown> = this.#opened();
    // Whoever writes is told; the first bytes may come long after.
    written.catch(() => {});
    const add = (chunk: Uint8Array): Promise<void> => {
      const next = written.then(async () => {
        file ??= open(draft, 'wx', privateFile);
        await (await file).writeFile(chunk);
      });
      written = next;
      return next;
    };
    const finish = async (): Promise<void> => {
      if (file !== undefined) await (await file).close();
      file = undefined;
    };
    let committed: Promise<void> | undefined;
    const commit = async (length: number, replaced: readonly string[]): Promise<void> => {
      await add(new Uint8Array(0));
      await finish();
      const record: StoreRecord = { key, response: { ...response, length }, digests: digests.end() };
      const folder = this.#folderOf(key);
      await mkdir(folder, { recursive: true, mode: privateFolder });
      await rename(draft, join(folder, `${response.id}.body`));
      await this.#writeHead(record);
      this.#count(record);
      if (replaced.length > 0) await this.delete(key, replaced);
      this.#unseen += length + overhead;
      if (this.#unseen > this.#maxBytes / 4) void this.#lookAround();
      await this.#evict();
    };
    return {
      write: (chunk) => {
        digests.add(chunk);
        return add(chunk);
      },
      commit: (length, replaced) => (committed = commit(length, replaced)),
      abort: async () => {
        await written.catch(() => {});
        // One that nobody waits for any more may still come to its end.
        await committed?.catch(() => {});
        await finish().catch(() => {});
        await rm(draft, { force: true }).catch(() => {});
        // A commit that has failed half way, on a full disk, leaves nothing on it.
        await this.#remove(key, response.id);
        // The folder may be gone, and is made again for the next one.
        this.#folders = undefined;
      },
    };
  }

  async update(key: string, response: StoredResponse): Promise<boolean> {
    await this.#opened();
    const record = await this.#read(key, response.id);
    if (record === undefined) return false;
    const updated = { ...record, response };
    await this.#writeHead(updated);
    this.#records.set(response, updated);
    this.#count(updated);
    // What was removed meanwhile stays so: its body is gone.
    if ((await stat(join(this.#folderOf(key), `${response.id}.body`)).catch(nothingIfAbsent)) !== undefined) return true;
    await this.#remove(key, response.id);
    return false;
  }

  async delete(key: string, ids?: readonly string[]): Promise<number> {
    await this.#opened();
    const heads = (await namesIn(this.#folderOf(key)))
      .filter((name) => name.endsWith('.head'))
      .map((name) => name.slice(0, -'.head'.length));
    const doomed = ids === undefined ? heads : heads.filter((id) => ids.includes(id));
    await Promise.all(doomed.map((id) => this.#removeNamed(this.#nameOf(key, id))));
    return doomed.length;
  }

  async deleteTagged(tag: string): Promise<number> {
    await this.#sweeping();
    // One that is under way may be past what another process has just written.
    await this.#looking;
    await this.#lookAround();
    const names = this.#tags.named(tag);
    await Promise.all(names.map((name) => this.#removeNamed(name)));
    return names.length;
  }

  async clear(): Promise<void> {
    await this.#sweeping();
    await rm(this.#entries, { recursive: true, force: true, maxRetries: 3 });
    this.#order.clear();
    this.#tags.clear();
  }

  async markPurged(names: readonly string[], by: string, milliseconds: number): Promise<void> {
    await this.#opened();
    await this.#marks.add(names, by, milliseconds);
  }

  purgedAgo(names: readonly string[], by: string): Promise<number | undefined> {
    return this.#marks.latest(names, by);
  }

  async size(): Promise<StoreSize> {
    await this.#sweeping();
    return { entries: this.#order.entries, bytes: this.#order.bytes };
  }

  #folderOf(key: string): string {
    const name = hashedKey(key);
    return join(this.#entries, name.slice(0, 2), name.slice(2));
  }

  /** `undefined` for what is broken or gone. What can't be read for another reason, such as too many open files, throws. */
  async #read(key: string, id: string): Promise<StoreRecord | undefined> {
    if (!isId(id)) return undefined;
    const text = await readFile(join(this.#folderOf(key), `${id}.head`), 'utf8').catch(nothingIfAbsent);
    const record = text === undefined ? undefined : this.#decoded.decode(text, key, id);
    if (record !== undefined) this.#records.set(record.response, record);
    return record;
  }

  /** Of a name that no other store has: of this process, of a thread of it, or of one in another container that has the same number. */
  #newDraft(): string {
    return join(this.#drafts, `${process.pid}-${newResponseId()}`);
  }

  /** Whole or not at all. */
  async #writeHead(record: StoreRecord): Promise<void> {
    const draft = this.#newDraft();
    try {
      await writeFile(draft, encodeRecord(record), { flag: 'wx', mode: privateFile });
      await rename(draft, join(this.#folderOf(record.key), `${record.response.id}.head`));
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
  }

  #count({ key, response }: StoreRecord): void {
    const name = this.#nameOf(key, response.id);
    this.#order.add(name, response.length + overhead + JSON.stringify(response.headers).length);
    this.#tags.set(name, response.tags);
  }

  #uncount(name: string): void {
    this.#order.remove(name);
    this.#tags.remove(name);
  }

  #touch(key: string, id: string, usedAt: number): void {
    this.#order.touch(this.#nameOf(key, id));
    const now = Date.now();
    // For the order of use of the next process; to the minute is enough.
    if (now - usedAt > 60_000) utimes(join(this.#folderOf(key), `${id}.body`), now / 1000, now / 1000).catch(() => {});
  }

  #nameOf(key: string, id: string): string {
    return `${hashedKey(key)}/${id}`;
  }

  /** Of what is of no use. Where it can't be removed, it is of none all the same. */
  #remove(key: string, id: string): Promise<void> {
    return this.#removeNamed(this.#nameOf(key, id)).catch(() => {});
  }

  /** The head first: without it, nobody finds the body. Throws where somebody still would. */
  async #removeNamed(name: string): Promise<void> {
    this.#uncount(name);
    const path = join(this.#entries, name.slice(0, 2), name.slice(2));
    try {
      await unlink(`${path}.head`).catch(nothingIfAbsent);
    } finally {
      await unlink(`${path}.body`).catch(() => {});
    }
  }

  async #evict(): Promise<void> {
    await Promise.all(this.#order.takeExcess().map((name) => this.#removeNamed(name).catch(() => {})));
  }

  /** What is there is found at once; counting it goes on beside that. */
  async #opened(): Promise<void> {
    this.#folders ??= mkdir(this.#drafts, { recursive: true, mode: privateFolder });
    try {
      await this.#folders;
    } catch (error) {
      // What stands in its place may be gone the next time.
      this.#folders = undefined;
      throw error;
    }
    void this.#sweeping();
  }

  #sweeping(): Promise<void> {
    return (this.#swept ??= this.#sweep().catch(() => {}));
  }

  async #sweep(): Promise<void> {
    for (const name of await namesIn(this.#drafts)) {
      const path = join(this.#drafts, name);
      if (await isAbandoned(name, path)) await rm(path, { force: true });
    }
    await this.#lookAround();
    await this.#marks.sweep();
  }

  #lookAround(): Promise<void> {
    return (this.#looking ??= this.#look()
      .catch(() => {})
      .finally(() => (this.#looking = undefined)));
  }

  /** What is there from before, and from others: counted, in the order of its use, and without what nobody can find. */
  async #look(): Promise<void> {
    this.#unseen = 0;
    const gone = new Set(this.#order.names);
    const found: { readonly used: number; readonly record: StoreRecord }[] = [];
    for (const first of await namesIn(this.#entries)) {
      for (const second of await namesIn(join(this.#entries, first))) {
        const folder = join(this.#entries, first, second);
        const names = new Set(await namesIn(folder));
        for (const name of names) {
          const id = name.replace(/\.(?:head|body)$/, '');
          const path = join(folder, name);
          if (name.endsWith('.body') && !names.has(`${id}.head`) && !(await isYoung(path))) await rm(path, { force: true });
          if (!name.endsWith('.head') || gone.delete(`${first}${second}/${id}`)) continue;
          const text = await readFile(path, 'utf8').catch(() => undefined);
          if (text === undefined) continue;
          const record = recordAnyKey(text);
          if (record !== undefined && hashedKey(record.key) === first + second && record.response.id === id) {
            found.push({ used: await usedAt(join(folder, `${id}.body`)), record });
          } else await this.#removeNamed(`${first}${second}/${id}`).catch(() => {});
        }
      }
    }
    for (const name of gone) this.#uncount(name);
    for (const { record } of found.sort((one, other) => one.used - other.used)) this.#count(record);
    await this.#evict();
  }
}

function recordAnyKey(text: string): StoreRecord | undefined {
  try {
    return decodeRecord(text, (JSON.parse(text.slice(text.indexOf('\n') + 1)) as StoreRecord).key);
  } catch {
    return undefined;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(nothingIfAbsent)) ?? [];
}

/** Left by a process that no longer runs. */
async function isAbandoned(draft: string, path: string): Promise<boolean> {
  const pid = Number.parseInt(draft, 10);
  if (pid === process.pid) return (await usedAt(path)) < Date.now() - process.uptime() * 1000;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as { code?: unknown }).code !== 'EPERM';
  }
}

/** Another process may be about to write its head. */
async function isYoung(path: string): Promise<boolean> {
  return Date.now() - (await usedAt(path)) < 60_000;
}

async function usedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}
