import { closeSync, openSync } from 'node:fs';

import { StoreError } from '../errors.ts';
import { openSqlite, type Database } from './node-sqlite.ts';

// `xcch`: what SQLite knows the owner of a file by.
const owner = 0x78_63_63_68;

// The number goes up with every change of the tables; those of another make are thrown away.
const make = 3;
const tables = `
  CREATE TABLE responses (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, head TEXT NOT NULL, body BLOB, cost INTEGER NOT NULL, used INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX responses_key ON responses (key);
  CREATE INDEX responses_used ON responses (used, cost);
  CREATE TABLE parts (
    id TEXT NOT NULL, number INTEGER NOT NULL, bytes BLOB NOT NULL, written INTEGER NOT NULL, PRIMARY KEY (id, number)
  ) WITHOUT ROWID;
  CREATE TABLE tags (tag TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tag, id)) WITHOUT ROWID;
  CREATE INDEX tags_id ON tags (id);
`;

/** Milliseconds: the program stands still while it waits for another process, and an origin would have answered meanwhile. */
const waitForOthers = 50;
/** When it opens, which happens once. */
const waitToOpen = 2000;
/** Milliseconds after which nobody is still writing the body that a part is of. */
const abandonedAfter = 3_600_000;

/** @throws {StoreError} `SQLITE_MISSING`; `SQLITE_FAILED`: the file is none that the store can use, and says why. */
export function openDatabase(file: string): Database {
  let database: Database | undefined;
  try {
    // What is stored may be for one user alone.
    if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600));
    database = openSqlite(file);
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof StoreError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const advice = 'give SqliteStore the path of a file that it may write, and that is its own; a broken one can be removed';
    throw new StoreError(`The SQLite database ${file} can't be used: ${why} (${advice})`, 'SQLITE_FAILED', error);
  }
}

function prepare(database: Database): void {
  database.exec(`PRAGMA busy_timeout = ${waitToOpen};`);
  refuseForeign(database);
  // A crash of the machine may lose the last responses, and nothing else.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  // Two processes may open it at the same time.
  database.exec('BEGIN IMMEDIATE');
  refuseForeign(database);
  if (pragma(database, 'user_version') !== make) {
    database.exec('DROP TABLE IF EXISTS responses; DROP TABLE IF EXISTS parts; DROP TABLE IF EXISTS tags; DROP TABLE IF EXISTS purges;');
    database.exec(`${tables} PRAGMA application_id = ${owner}; PRAGMA user_version = ${make};`);
  }
  // Beside the others of this make, which did without it at first.
  database.exec('CREATE TABLE IF NOT EXISTS purges (name TEXT PRIMARY KEY, by TEXT, at INTEGER, until INTEGER) WITHOUT ROWID;');
  // What a process was writing when it ended.
  database.prepare('DELETE FROM parts WHERE written < ? AND id NOT IN (SELECT id FROM responses)').run(Date.now() - abandonedAfter);
  database.exec('COMMIT');
  database.exec(`PRAGMA busy_timeout = ${waitForOthers};`);
}

/** Tables of others have the names of ours perhaps, and must not be thrown away. */
function refuseForeign(database: Database): void {
  if (pragma(database, 'application_id') === owner) return;
  const { tables: count } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { readonly tables: number };
  if (count > 0) throw new Error('it has tables of something else');
}

function pragma(database: Database, name: 'application_id' | 'user_version'): unknown {
  return database.prepare(`PRAGMA ${name}`).get()?.[name];
}
