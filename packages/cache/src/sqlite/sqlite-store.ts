import { InvalidCacheOption } from '../errors.ts';
import type { Database, Statement } from './node-sqlite.ts';
import { openDatabase } from './open-database.ts';
import { isWholeBody, openParts, PartDigests, partSize } from '../store/parts.ts';
import { DecodedRecords } from '../store/decoded-records.ts';
import { encodeRecord, hashedKey, type StoreRecord } from '../store/record.ts';
import type { Awaitable, CacheStore, StoredBytes, StoredResponse, StoreSize, StoreWriter } from '../store/store.ts';

/** The file of the database, and how much it may hold. */
export interface SqliteStoreOptions {
  /** Bytes of everything that is kept. Default 1 GiB; what has not been used for longest goes. */
  readonly maxBytes?: number | undefined;
}

// What a response costs beside its bytes.
const overhead = 1024;

interface Row {
  readonly id: string;
  readonly head: string;
  readonly body: Uint8Array | null;
  readonly used: number;
}

/**
 * Keeps responses in an SQLite database, with the SQLite of Node (`node:sqlite`, Node 22.5 or later). Several processes of one machine may share it.
 *
 * @throws {StoreError} `SQLITE_MISSING`: this Node has none.
 * A file that is broken, not to be written, or somebody else's is an error of the constructor: `SQLITE_FAILED`.
 *
 * @throws {InvalidCacheOption} an option is impossible.
 * @example
 * import { SqliteStore } from '@x/cache/sqlite';
 *
 * const cache = new HttpCache({ store: new SqliteStore('cache.sqlite') });
 */
export class SqliteStore implements CacheStore {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  readonly #records = new DecodedRecords();
  readonly #maxBytes: number;
  /** As far as this process knows: others may add and remove. */
  #bytes = 0;
  #commitsToCount = 0;
  readonly #found = new WeakMap<StoredResponse, { readonly record: StoreRecord; readonly row: Row }>();

  constructor(file: string, { maxBytes = 1024 ** 3 }: SqliteStoreOptions = {}) {
    if (typeof file !== 'string' || file === '') throw new InvalidCacheOption('file', "must be the path of a file, or ':memory:'");
    if (typeof maxBytes !== 'number' || !(maxBytes > 0)) throw new InvalidCacheOption('maxBytes', 'must be a positive number of bytes');
    this.#maxBytes = maxBytes;
    this.#database = openDatabase(file);
    this.#recount();
  }

  find(key: string): readonly StoredResponse[] {
    const rows = this.#run('SELECT id, head, body, used FROM responses WHERE key = ?').all(hashedKey(key)) as unknown as Row[];
    const found: StoredResponse[] = [];
    for (const row of rows) {
      const record = this.#records.decode(row.head, key, row.id);
      if (record !== undefined) {
        this.#found.set(record.response, { record, row });
        found.push(record.response);
      } else this.#remove(row.id);
    }
    return found;
  }

  open(key: string, response: StoredResponse, start: number, end: number): Awaitable<StoredBytes | undefined> {
    const { record, row } = this.#found.get(response) ?? this.#row(key, response.id) ?? {};
    if (record === undefined || row === undefined) return undefined;
    this.#touch(row);
    if (row.body !== null) {
      if (isWholeBody(row.body, record)) return row.body.subarray(start, end);
      this.#remove(row.id);
      return undefined;
    }
    const { whole } = this.#run('SELECT coalesce(sum(length(bytes)), 0) AS whole FROM parts WHERE id = ?').get(row.id) as { whole: number };
    if (whole !== record.response.length) {
      this.#remove(row.id);
      return undefined;
    }
    const read = (number: number): Uint8Array | undefined =>
      (this.#run('SELECT bytes FROM parts WHERE id = ? AND number = ?').get(row.id, number) as { bytes: Uint8Array } | undefined)?.bytes;
    return openParts({ record, read, onBroken: () => this.#remove(row.id) }, start, end);
  }

  write(key: string, response: StoredResponse): StoreWriter {
    const { id } = response;
    const digests = new PartDigests();
    let pending: Uint8Array[] = [];
    let pendingLength = 0;
    let parts = 0;
    const addPart = (): void => {
      this.#run('INSERT INTO parts (id, number, bytes, written) VALUES (?, ?, ?, ?)').run(
        id,
        parts,
        joined(pending, pendingLength),
        Date.now(),
      );
      parts += 1;
      pending = [];
      pendingLength = 0;
    };
    return {
      write: (chunk) => {
        digests.add(chunk);
        for (let at = 0; at < chunk.length;) {
          if (pendingLength === partSize) addPart();
          const piece = chunk.subarray(at, at + partSize - pendingLength);
          pending.push(piece);
          pendingLength += piece.length;
          at += piece.length;
        }
      },
      commit: (length, replaced) => {
        const record: StoreRecord = { key, response: { ...response, length }, digests: digests.end() };
        const head = encodeRecord(record);
        this.#transaction(() => {
          for (const other of replaced) this.#remove(other);
          const cost = length + head.length + overhead;
          const isOnePart = parts === 0;
          const body = isOnePart ? joined(pending, pendingLength) : null;
          if (!isOnePart && pendingLength > 0) addPart();
          this.#run('INSERT INTO responses (id, key, head, body, cost, used) VALUES (?, ?, ?, ?, ?, ?)').run(
            id,
            hashedKey(key),
            head,
            body,
            cost,
            Date.now(),
          );
          this.#bytes += cost;
          this.#commitsToCount -= 1;
          this.#tag(response);
          this.#evict();
        });
      },
      abort: () => {
        pending = [];
        if (parts > 0) this.#run('DELETE FROM parts WHERE id = ?').run(id);
      },
    };
  }

  update(key: string, response: StoredResponse): boolean {
    const found = this.#found.get(response) ?? this.#row(key, response.id);
    if (found === undefined) return false;
    const record = { ...found.record, response };
    if (isSame(found.record.response.tags, response.tags)) return this.#updateHead(record);
    let isUpdated = false;
    this.#transaction(() => {
      isUpdated = this.#updateHead(record);
      if (!isUpdated) return;
      this.#run('DELETE FROM tags WHERE id = ?').run(response.id);
      this.#tag(response);
    });
    return isUpdated;
  }

  #updateHead(record: StoreRecord): boolean {
    return Number(this.#run('UPDATE responses SET head = ? WHERE id = ?').run(encodeRecord(record), record.response.id).changes) > 0;
  }

  #tag({ id, tags }: StoredResponse): void {
    for (const tag of tags) this.#run('INSERT OR IGNORE INTO tags (tag, id) VALUES (?, ?)').run(tag, id);
  }

  delete(key: string, ids?: readonly string[]): number {
    const rows = this.#run('SELECT id FROM responses WHERE key = ?').all(hashedKey(key)) as unknown as { readonly id: string }[];
    const doomed = ids === undefined ? rows : rows.filter(({ id }) => ids.includes(id));
    this.#transaction(() => {
      for (const { id } of doomed) this.#remove(id);
    });
    return doomed.length;
  }

  deleteTagged(tag: string): number {
    const rows = this.#run('SELECT id FROM tags WHERE tag = ?').all(tag) as unknown as { readonly id: string }[];
    this.#transaction(() => {
      for (const { id } of rows) this.#remove(id);
    });
    return rows.length;
  }

  clear(): void {
    this.#database.exec('DELETE FROM responses; DELETE FROM parts; DELETE FROM tags;');
    this.#bytes = 0;
  }

  markPurged(names: readonly string[], by: string, milliseconds: number): void {
    const at = Date.now();
    this.#transaction(() => {
      this.#run('DELETE FROM purges WHERE until < ?').run(at);
      for (const name of names)
        this.#run('INSERT OR REPLACE INTO purges (name, by, at, until) VALUES (?, ?, ?, ?)').run(
          hashedKey(name),
          by,
          at,
          at + milliseconds,
        );
    });
  }

  purgedAgo(names: readonly string[], by: string): number | undefined {
    const now = Date.now();
    const { at } = this.#run(
      'SELECT max(at) AS at FROM purges WHERE name IN (SELECT value FROM json_each(?)) AND by <> ? AND until >= ?',
    ).get(JSON.stringify(names.map(hashedKey)), by, now) as { readonly at: number | null };
    return at === null ? undefined : Math.max(0, now - at);
  }

  size(): StoreSize {
    return this.#run('SELECT count(*) AS entries, coalesce(sum(cost), 0) AS bytes FROM responses').get() as unknown as StoreSize;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #row(key: string, id: string): { readonly record: StoreRecord; readonly row: Row } | undefined {
    const response = this.find(key).find((found) => found.id === id);
    return response === undefined ? undefined : this.#found.get(response);
  }

  /** To the minute is enough, and costs less than a write for each reading. */
  #touch({ id, used }: Row): void {
    const now = Date.now();
    if (now - used <= 60_000) return;
    try {
      this.#run('UPDATE responses SET used = ? WHERE id = ?').run(now, id);
    } catch {
      // Another process is writing, or the disk is full: it can be read all the same.
    }
  }

  #remove(id: string): void {
    const removed = this.#run('DELETE FROM responses WHERE id = ? RETURNING cost').get(id) as { readonly cost: number } | undefined;
    if (removed === undefined) return;
    this.#bytes -= removed.cost;
    this.#run('DELETE FROM parts WHERE id = ?').run(id);
    this.#run('DELETE FROM tags WHERE id = ?').run(id);
  }

  #evict(): void {
    if (this.#bytes <= this.#maxBytes && this.#commitsToCount > 0) return;
    if (this.#commitsToCount <= 0) this.#recount();
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#run('SELECT id FROM responses ORDER BY used LIMIT 1').get() as { readonly id: string } | undefined;
      if (oldest === undefined) return;
      this.#remove(oldest.id);
    }
  }

  /** Looks at all there is, which a commit in many can afford. */
  #recount(): void {
    const { entries, bytes } = this.size();
    this.#bytes = bytes;
    this.#commitsToCount = Math.max(1000, entries / 4);
  }

  #transaction(run: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      run();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // SQLite has done so by itself, as where the disk is full.
    }
    this.#commitsToCount = 0;
  }

  #run(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((tag, at) => tag === other[at]);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
