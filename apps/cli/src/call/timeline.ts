/** Where the time went, in the end: as text, as a picture, as an archive. Told of calls that failed, too. */
import { writeFile } from 'node:fs/promises';
import type { AnyResponse, AttemptRecord } from '@x/client';
import { drawWaterfall, waterfallPicture, type TraceRecorder, type Waterfall } from '@x/figures';
import type { OptionValues } from '../options/table.ts';
import type { Screen } from '../output/screen.ts';
import { pathOf } from '../files/named-files.ts';

interface SeenCall {
  readonly recorder: TraceRecorder;
  outcome: AnyResponse | Error | undefined;
}

export class Timeline {
  readonly #options: OptionValues;
  readonly #screen: Screen;
  readonly #calls: SeenCall[] = [];

  constructor(options: OptionValues, screen: Screen) {
    this.#options = options;
    this.#screen = screen;
  }

  get isWanted(): boolean {
    const { timings, svg, har } = this.#options;
    return timings === true || svg !== undefined || har !== undefined;
  }

  begins(recorder: TraceRecorder): void {
    this.#calls.push({ recorder, outcome: undefined });
  }

  answered(response: AnyResponse): void {
    const last = this.#calls.at(-1);
    if (last !== undefined) last.outcome = response;
  }

  /** A body that broke off has an answer already: the failure says more. */
  failed(error: unknown): void {
    const last = this.#calls.at(-1);
    if (last !== undefined && error instanceof Error) last.outcome = error;
  }

  async end(): Promise<void> {
    if (!this.isWanted || this.#calls.length === 0) return;
    const { timings, svg, har } = this.#options;
    const { io, note, notes } = this.#screen;
    const drawn = timings === true || svg !== undefined ? await this.#waterfalls() : [];
    if (timings === true) for (const each of drawn) note(`\n${drawWaterfall(each, notes.terminal).join('\n')}`);
    if (svg !== undefined) await writeFile(pathOf(svg, io), waterfallPicture(joined(drawn), 'Where the time of the request went'));
    if (har !== undefined) await this.#archive(pathOf(har, io));
  }

  async #waterfalls(): Promise<Waterfall[]> {
    const { callOf } = await import('@x/client');
    return this.#calls.map(({ recorder, outcome }) => {
      const attempts: readonly AttemptRecord[] = outcome instanceof Error ? (callOf(outcome)?.attempts ?? []) : (outcome?.attempts ?? []);
      return recorder.waterfall(attempts);
    });
  }

  async #archive(path: string): Promise<void> {
    const [{ toHar }, { callOf }] = await Promise.all([import('@x/client/testing'), import('@x/client')]);
    const outcomes = this.#calls.flatMap(({ outcome }) =>
      outcome === undefined || (outcome instanceof Error && callOf(outcome) === undefined) ? [] : [outcome],
    );
    await writeFile(path, `${JSON.stringify(toHar(outcomes), undefined, 2)}\n`);
  }
}

/** Calls that followed each other, below one another: each begins where the one before it ended. */
function joined(waterfalls: readonly Waterfall[]): Waterfall {
  let shift = 0;
  const attempts = waterfalls.flatMap((waterfall) => {
    const from = shift;
    shift = Math.max(from, ...waterfall.attempts.map(({ end }) => end + from));
    return waterfall.attempts.map((attempt) => ({
      ...attempt,
      start: attempt.start + from,
      end: attempt.end + from,
      spans: attempt.spans.map((span) => ({ ...span, start: span.start + from, end: span.end + from })),
    }));
  });
  return { attempts };
}
