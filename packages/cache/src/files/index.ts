/** `@x/cache/files`: a cache that survives the process, in a folder. */
export { FileStore, type FileStoreOptions } from './file-store.ts';
