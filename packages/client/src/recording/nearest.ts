/** In what a request differs from a recording, for the error that there is none for it. */
import { sameBody, type ComparedRequest } from './matching.ts';

interface Difference {
  readonly what: string;
  readonly recorded: string | undefined;
  readonly asked: string | undefined;
  /** How much it tells two requests apart. */
  readonly weight: number;
}

export interface Nearest {
  readonly recorded: ComparedRequest;
  readonly differences: readonly Difference[];
}

const mostShown = 8;
const longestShown = 120;

export function nearestOf(recordings: Iterable<ComparedRequest>, asked: ComparedRequest): Nearest | undefined {
  let nearest: (Nearest & { readonly weight: number }) | undefined;
  for (const recorded of recordings) {
    const differences = differencesOf(recorded, asked);
    const weight = differences.reduce((sum, difference) => sum + difference.weight, 0);
    if (nearest === undefined || weight < nearest.weight) nearest = { recorded, differences, weight };
  }
  return nearest;
}

/** A line for what is the same, and two for what is not. */
export function shownDifferences(differences: readonly Difference[]): string {
  const lines = differences
    .slice(0, mostShown)
    .flatMap(({ what, recorded, asked }) => [`  ${what}`, `    recorded: ${shown(recorded)}`, `    asked:    ${shown(asked)}`]);
  if (differences.length > mostShown) lines.push(`  and ${differences.length - mostShown} more`);
  return lines.join('\n');
}

function shown(value: string | undefined): string {
  if (value === undefined) return '(none)';
  return value.length > longestShown ? `${value.slice(0, longestShown)}… (${value.length} characters)` : value;
}

function differencesOf(recorded: ComparedRequest, asked: ComparedRequest): Difference[] {
  const differences: Difference[] = [];
  const note = (what: string, before: string | undefined, now: string | undefined, weight: number): void => {
    if (before !== now) differences.push({ what, recorded: before, asked: now, weight });
  };
  note('method', recorded.method, asked.method, 4);
  note('origin', recorded.origin, asked.origin, 8);
  note('path', recorded.path, asked.path, 8 * (1 - likeness(recorded.path, asked.path)));
  for (const name of new Set([...recorded.query, ...asked.query].map(([name]) => name))) {
    note(`query parameter ${name}`, valuesOf(recorded, name), valuesOf(asked, name), 1);
  }
  if (differences.length === 0) note('order of the query', queryOf(recorded), queryOf(asked), 0.5);
  for (const name of new Set([...recorded.headers.keys(), ...asked.headers.keys()])) {
    note(`header ${name}`, recorded.headers.get(name), asked.headers.get(name), 1);
  }
  if (!sameBody(recorded.body, asked.body)) differences.push(...bodyDifferences(recorded.body, asked.body));
  return differences;
}

function valuesOf({ query }: ComparedRequest, wanted: string): string | undefined {
  const values = query.filter(([name]) => name === wanted).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

function queryOf({ query }: ComparedRequest): string {
  return query.map(([name, value]) => `${name}=${value}`).join('&');
}

function bodyDifferences(recorded: ComparedRequest['body'], asked: ComparedRequest['body']): Difference[] {
  if (recorded.json !== undefined && asked.json !== undefined) {
    const members = [...memberDifferences('$', recorded.json, asked.json)];
    return members.map((difference) => ({ ...difference, weight: 3 / members.length }));
  }
  const at = commonLength(recorded.text, asked.text);
  const from = Math.max(0, at - 20);
  const excerpt = (text: string): string => JSON.stringify(`${from > 0 ? '…' : ''}${text.slice(from, from + 80)}`);
  const where = at === 0 ? 'body' : `body, from character ${at}`;
  return [{ what: where, recorded: excerpt(recorded.text), asked: excerpt(asked.text), weight: 3 }];
}

function* memberDifferences(path: string, recorded: unknown, asked: unknown): Generator<Omit<Difference, 'weight'>> {
  if (isContainer(recorded) && isContainer(asked) && Array.isArray(recorded) === Array.isArray(asked)) {
    for (const name of new Set([...Object.keys(recorded), ...Object.keys(asked)])) {
      const member = Array.isArray(recorded) ? `${path}[${name}]` : `${path}.${name}`;
      yield* memberDifferences(member, recorded[name], asked[name]);
    }
    return;
  }
  const before = JSON.stringify(recorded) as string | undefined;
  const now = JSON.stringify(asked) as string | undefined;
  if (before !== now) yield { what: `body ${path}`, recorded: before, asked: now };
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** From 0 to 1: how many segments two paths have in common, from both ends. */
function likeness(one: string, other: string): number {
  const [a, b] = [one.split('/'), other.split('/')];
  const most = Math.max(a.length, b.length);
  let same = 0;
  while (same < Math.min(a.length, b.length) && a[same] === b[same]) same++;
  let sameAtEnd = 0;
  while (sameAtEnd < Math.min(a.length, b.length) - same && a.at(-1 - sameAtEnd) === b.at(-1 - sameAtEnd)) sameAtEnd++;
  // Each begins with an empty one.
  return Math.max(0, same + sameAtEnd - 1) / most;
}

function commonLength(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let at = 0;
  while (at < most && one[at] === other[at]) at++;
  return at;
}
