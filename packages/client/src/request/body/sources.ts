/** What callers give to be sent, where the call is over before anything was made of it. */
import { isFormData } from '../multipart/form-data.ts';

/**
 * Lets go of the streams among the options of a call that was refused: they were given to be sent, and nobody else will close them.
 * Never throws.
 */
export function releaseSources(options: unknown): void {
  if (typeof options !== 'object' || options === null) return;
  try {
    const { body, files } = options as { body?: unknown; files?: unknown };
    releaseSource(body);
    if (typeof files !== 'object' || files === null || isFormData(files)) return;
    for (const file of Symbol.iterator in files ? contentsOf(files as Iterable<unknown>) : Object.values(files).flat()) releaseFile(file);
  } catch {
    // Of objects whose properties throw, there is nothing to let go of.
  }
}

function* contentsOf(pairs: Iterable<unknown>): Generator {
  for (const pair of pairs) if (Array.isArray(pair)) yield pair[1];
}

function releaseFile(file: unknown): void {
  releaseSource(file);
  if (typeof file === 'object' && file !== null && 'content' in file) releaseSource(file.content);
}

function releaseSource(source: unknown): void {
  if (typeof source !== 'object' || source === null) return;
  if (source instanceof ReadableStream) {
    if (!source.locked) source.cancel().catch(() => {});
    return;
  }
  const stream = source as { on?: unknown; pipe?: unknown; destroy?: unknown };
  if (typeof stream.on !== 'function' || typeof stream.pipe !== 'function' || typeof stream.destroy !== 'function') return;
  // What it says of that, or of a file that was not there, is no news.
  stream.on('error', () => {});
  stream.destroy();
}
