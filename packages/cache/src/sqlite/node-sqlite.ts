/** Of `node:sqlite`, what the store needs. */
import { StoreError } from '../errors.ts';

type Value = string | number | Uint8Array | null;

export interface Statement {
  run(...values: Value[]): { readonly changes: number | bigint };
  get(...values: Value[]): Readonly<Record<string, unknown>> | undefined;
  all(...values: Value[]): Readonly<Record<string, unknown>>[];
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => Database;
}

/** @throws {StoreError} `SQLITE_MISSING`. */
export function openSqlite(file: string): Database {
  // Not imported: Node 20 has none, and to ask for it is how a program finds out.
  const sqlite = process.getBuiltinModule('node:sqlite') as NodeSqlite | undefined;
  if (sqlite !== undefined) return new sqlite.DatabaseSync(file);
  const advice = 'use the FileStore of @x/cache/files, or a newer Node';
  throw new StoreError(`SqliteStore needs Node 22.5 or later, and this is ${process.version}: ${advice}`, 'SQLITE_MISSING');
}
