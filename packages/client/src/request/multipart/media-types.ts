import { createRequire } from 'node:module';

import type { Mime } from 'mime';

let loaded: Mime | undefined;

/**
 * By the extension of a filename; `undefined` for one that nobody knows. The tables of mime are loaded by the first file, since
 * they take longer to load than all the rest of the client, and by `require`, since a request is built without waiting.
 */
export function mediaTypeOf(filename: string): string | undefined {
  loaded ??= (createRequire(import.meta.url)('mime') as { readonly default: Mime }).default;
  return loaded.getType(filename) ?? undefined;
}
