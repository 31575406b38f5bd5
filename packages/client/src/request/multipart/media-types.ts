// In the built package a library that is imported whole is run by its first use: its tables take longer than all the rest of the client.
import * as Mime from 'mime';

/** By the extension of a filename; `undefined` for one that nobody knows. */
export function mediaTypeOf(filename: string): string | undefined {
  return Mime.default.getType(filename) ?? undefined;
}
