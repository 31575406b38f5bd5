/** What may be said of saving a response as a file. */
import { fileURLToPath } from 'node:url';

import { InvalidOption } from '../../errors.ts';
import { ownOptions, type OptionNames } from '../../options/own-options.ts';
import type { ResumableCall } from '../resumable-call.ts';
import { parseDigest, type ExpectedDigest } from './content-digest.ts';

/** How far a file has come, in bytes. */
export interface SaveProgress {
  /** Bytes that are in the file, with those that were there before. */
  readonly received: number;
  /** Bytes that it will have; `undefined` when nobody knows. */
  readonly total: number | undefined;
}

/** What `saveTo()` may be told. */
export interface SaveOptions {
  /** Called for each chunk, once it is written. What it throws ends the download. */
  readonly onProgress?: ((progress: SaveProgress) => void) | undefined;
  /**
   * Goes on where a connection broke off, and where an earlier download to the same path did, as long as the server says that it
   * is the same representation still: `Range` with `If-Range` (RFC 9110 §13.1.5, §14.2), for a GET. Until it is whole, the part is kept
   * in `path.part`, with a note in `path.part.json`; where those are somebody else's, it is not kept. What came in a content coding
   * begins anew without one, and what has changed on the server begins anew once. Default `false`.
   */
  readonly resume?: boolean | ResumeOptions | null | undefined;
  /**
   * A digest that the file must have: `sha-256=…`, in base64 or hexadecimal; also `sha-384` and `sha-512`. With `true`, the
   * content must have the `Repr-Digest` or `Content-Digest` of its own response (RFC 9530), which must be there.
   */
  readonly digest?: string | boolean | null | undefined;
  /** Ends the download with `Aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** How often, and after what waits, the rest of a file is asked for. Milliseconds. */
export interface ResumeOptions {
  /** Attempts in a row after which the file is no longer than it was, and the last failure is told. Default 5. */
  readonly maxFailures?: number | undefined;
  /** Milliseconds before asking again after a failure, at most; each further one without progress waits twice as long, up to 10,000. Default 500. */
  readonly delay?: number | undefined;
}

/** What is so when nobody says otherwise is filled in. */
export interface SaveSettings {
  readonly path: string;
  readonly onProgress: ((progress: SaveProgress) => void) | undefined;
  readonly resuming: Resuming | undefined;
  /** `true` for that of the response. */
  readonly digest: ExpectedDigest | boolean;
  readonly signal: AbortSignal | undefined;
}

export interface Resuming {
  readonly again: ResumableCall;
  readonly maxFailures: number;
  readonly delay: number;
}

const names: OptionNames<SaveOptions> = Object.freeze({ onProgress: undefined, resume: undefined, digest: undefined, signal: undefined });
const resumeNames: OptionNames<ResumeOptions> = Object.freeze({ maxFailures: undefined, delay: undefined });

/** @throws {InvalidOption} naming the option. */
export function readSaveOptions(path: string | URL, options: SaveOptions, again: ResumableCall | undefined): SaveSettings {
  const { onProgress, resume, digest, signal } = ownOptions(options, names, 'saveTo');
  if (onProgress !== undefined && typeof onProgress !== 'function') throw new InvalidOption('onProgress', 'must be a function');
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new InvalidOption('signal', 'must be an AbortSignal');
  const isSwitch = digest === undefined || digest === null || typeof digest === 'boolean';
  return {
    path: readPath(path),
    onProgress,
    resuming: readResuming(resume, again),
    digest: isSwitch ? digest === true : parseDigest(digest),
    signal,
  };
}

function readPath(path: unknown): string {
  if (typeof path === 'string' && path !== '') return path;
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path);
  throw new InvalidOption('path', 'must be a string or a file: URL');
}

function readResuming(input: SaveOptions['resume'], again: ResumableCall | undefined): Resuming | undefined {
  if (input === undefined || input === null || input === false) return undefined;
  const { maxFailures = 5, delay = 500 } = ownOptions<ResumeOptions>(input === true ? {} : input, resumeNames, 'resume');
  if (again === undefined) throw new InvalidOption('resume', 'needs a response that client.stream() has given');
  if (!(Number(maxFailures) >= 1)) throw new InvalidOption('resume.maxFailures', 'must be a number of at least 1');
  if (!(Number(delay) >= 0)) throw new InvalidOption('resume.delay', 'must be a number of milliseconds of at least 0');
  return { again, maxFailures, delay };
}
