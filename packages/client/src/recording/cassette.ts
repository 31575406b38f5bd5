/** The recordings of a file: which of them answers a request, and which have answered. */
import type { HarEntry } from '../har/har.ts';
import type { Mask } from '../har/mask.ts';
import { isSameRequest, recordedRequest, type ComparedRequest, type Matching } from './matching.ts';
import { nearestOf, shownDifferences } from './nearest.ts';
import { modeVariable } from './recorder-settings.ts';
import { UnrecordedRequest } from './recording-errors.ts';

interface Recording {
  readonly entry: HarEntry;
  readonly request: ComparedRequest;
  uses: number;
}

export class Cassette {
  readonly #recordings: readonly Recording[];

  constructor(entries: readonly HarEntry[], matching: Matching, mask: Mask) {
    this.#recordings = entries.map((entry) => ({ entry, request: recordedRequest(entry.request, matching, mask), uses: 0 }));
  }

  get unused(): readonly string[] {
    return this.#recordings.filter(({ uses }) => uses === 0).map(({ request }) => shown(request));
  }

  /** Each in its turn; with `repeat` the last one again and again. */
  take(asked: ComparedRequest, repeat: boolean): HarEntry | undefined {
    const same = this.#recordings.filter(({ request }) => isSameRequest(request, asked));
    const next = same.find(({ uses }) => uses === 0) ?? (repeat ? same.at(-1) : undefined);
    if (next === undefined) return undefined;
    next.uses += 1;
    return next.entry;
  }

  /** With the recordings of another one in the places of the older ones of the same requests, and behind. */
  replacedBy(newer: Cassette): readonly HarEntry[] {
    const left = [...newer.#recordings];
    const replaced: HarEntry[] = [];
    for (const { entry, request } of this.#recordings) {
      if (!newer.#recordings.some((recording) => isSameRequest(recording.request, request))) replaced.push(entry);
      else {
        const at = left.findIndex((recording) => isSameRequest(recording.request, request));
        if (at !== -1) replaced.push(...left.splice(at, 1).map((recording) => recording.entry));
      }
    }
    return [...replaced, ...left.map(({ entry }) => entry)];
  }

  unrecorded(asked: ComparedRequest, isThere: boolean, file: string, mode: string): UnrecordedRequest {
    const same = this.#recordings.filter(({ request }) => isSameRequest(request, asked)).length;
    const how = `To record it, set "mode" or ${modeVariable} to 'all', or delete the file with 'once' (the mode is '${mode}')`;
    if (!isThere) return new UnrecordedRequest(`No recording of ${shown(asked)}: there is no file ${file}. ${how}`);
    if (same > 0) {
      const times = same === 1 ? 'once' : `${same} times`;
      return new UnrecordedRequest(
        `${shown(asked)} was recorded ${times} in ${file}, and is asked for once more; "repeat" gives the last answer again. ${how}`,
      );
    }
    const nearest = nearestOf(
      this.#recordings.map(({ request }) => request),
      asked,
    );
    const difference =
      nearest === undefined
        ? 'it is empty'
        : `the nearest, ${shown(nearest.recorded)}, differs in\n${shownDifferences(nearest.differences)}\n`;
    return new UnrecordedRequest(`No recording of ${shown(asked)} in ${file}: ${difference}${nearest === undefined ? '. ' : ''}${how}`);
  }
}

function shown({ method, url }: ComparedRequest): string {
  return `${method} ${url}`;
}
