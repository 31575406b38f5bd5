/** How response bodies are read: what the caller says, what is inherited, and what follows. */
import { mostExpansion, type BodyLimits } from './body-limits.ts';
import { boolean, count } from '../options/checks.ts';

/** How bodies of responses are decoded, and how large they may become. */
export interface ReadOptions {
  /**
   * Says in `Accept-Encoding` which content codings can be undone here, and undoes those of the response. The header fields stay
   * as they were received. Default `true`. Parts of a body (206) and chains with an unknown coding are left as they are.
   */
  readonly decompress?: boolean | null | undefined;
  /**
   * The largest body, in bytes after decoding; `ResponseTooLarge` past it. Default 268,435,456 (256 MiB) for a body that is
   * read as a whole, and no limit for one that is read as it comes. `null` means no limit for both.
   */
  readonly maxResponseBytes?: number | null | undefined;
  /**
   * How many times larger than what came over the network a body may become by decoding, once it has more than 8 MiB; `DecodingError`
   * (`EXPANSION_TOO_LARGE`) past it. Default 1,000. `null` means no limit.
   */
  readonly maxExpansion?: number | null | undefined;
}

export interface ReadSettings {
  readonly decompress: boolean;
  readonly limits: BodyLimits;
  readonly maxExpansion: number;
}

const unlimited: BodyLimits = Object.freeze({ whole: Infinity, streamed: Infinity });

export const defaultReadSettings: ReadSettings = Object.freeze({
  decompress: true,
  limits: Object.freeze({ whole: 256 * 1024 * 1024, streamed: Infinity }),
  maxExpansion: mostExpansion,
});

/** @throws {InvalidOption} naming the option. */
export function mergeReadOptions(inherited: ReadSettings, own: ReadOptions): ReadSettings {
  if (own.decompress === undefined && own.maxResponseBytes === undefined && own.maxExpansion === undefined) return inherited;
  return Object.freeze({
    decompress: own.decompress === undefined ? inherited.decompress : readDecompress(own.decompress),
    limits: own.maxResponseBytes === undefined ? inherited.limits : readLimits(own.maxResponseBytes),
    maxExpansion: own.maxExpansion === undefined ? inherited.maxExpansion : readExpansion(own.maxExpansion),
  });
}

function readDecompress(decompress: unknown): boolean {
  if (decompress === null) return false;
  return boolean('decompress', decompress);
}

function readExpansion(times: number | null): number {
  return times === null || times === Infinity ? Infinity : count('maxExpansion', times, { least: 1, or: 'null for no limit' });
}

function readLimits(bytes: unknown): BodyLimits {
  if (bytes === null || bytes === Infinity) return unlimited;
  const most = count('maxResponseBytes', bytes, { least: 0, of: 'bytes', or: 'null for no limit' });
  return Object.freeze({ whole: most, streamed: most });
}
