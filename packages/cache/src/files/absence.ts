// A folder in the place of a file, or a file in that of a folder, is nothing of ours.
const absent: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

/**
 * What is not there is nothing. Any other failure, such as too many open files, says nothing of what is there.
 *
 * @throws the error, where it is another one.
 */
export function nothingIfAbsent(error: unknown): undefined {
  if (!absent.has((error as { code?: unknown }).code)) throw error;
}
