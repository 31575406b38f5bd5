/** `@x/cache/sqlite`: a cache in an SQLite database, with the SQLite of Node. */
export { SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
