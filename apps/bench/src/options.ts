/** The command line. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { scenarioById, allScenarios } from './scenarios/registry.ts';
import { allContenders } from './contenders/registry.ts';
import type { Scenario } from './scenarios/scenario.ts';

export interface Options {
  readonly help: boolean;
  readonly list: boolean;
  readonly scenarios: readonly Scenario[];
  /** Executable of the Node to measure; null for the one that runs the bench. */
  readonly nodePath: string | null;
  /** Reports to show instead of measuring. */
  readonly from: readonly string[];
  /** Paths to write to; null for those not asked for. */
  readonly json: string | null;
  readonly svg: string | null;
  readonly readme: boolean;
  readonly check: boolean;
}

/** A mistake on the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `pnpm bench [options]

  --scenario <id>[,<id>]    only these; may be repeated (--list names them)
  --contender <id>[,<id>]   only these, in every scenario in which they take part
  --rounds <n>              how often each contender is measured
  --requests <n>            at most so many requests in a measured window, and in its warm-up
  --node <version>          measure under another Node, fetched when it is not there (24, 20.19)
  --node-path <file>        measure under the Node at this path
  --json <file>             write the report; default apps/bench/results/node-<version>.json
  --svg <file>              write the chart; default apps/bench/results/node-<version>.svg
  --from <file>             measure nothing, show this report; repeated, several together
  --readme                  rewrite the table in README.md, with a link to the chart if --svg is given
  --check                   exit with 1 when a target is missed
  --list                    name scenarios and contenders
`;

/**
 * Reads the command line.
 *
 * @param directory what relative paths refer to
 * @throws {UsageError} when it is not understood.
 */
export function readOptions(args: readonly string[], directory: string): Options {
  const values = parseValues(args);
  if (values.node !== undefined) {
    throw new UsageError('--node is understood by `pnpm bench` at the root of the repository; here, give --node-path.');
  }
  const contenders = identifiers(values.contender);
  const rounds = count('--rounds', values.rounds);
  const requests = count('--requests', values.requests);
  const chosen = identifiers(values.scenario);
  const all = chosen === null ? allScenarios() : chosen.map(knownScenario);
  const scenarios = all
    .map((scenario) => narrow(scenario, { contenders, rounds, requests }))
    .filter((scenario) => scenario.contenders.length > 0);
  if (scenarios.length === 0) throw new UsageError(`None of these contenders takes part: ${contenders?.join(', ')}.`);
  const from = (values.from ?? []).map((path) => resolve(directory, path));
  return {
    help: values.help === true,
    list: values.list === true,
    scenarios,
    nodePath: values['node-path'] === undefined ? null : resolve(directory, values['node-path']),
    from,
    json: values.json === undefined ? null : resolve(directory, values.json),
    svg: values.svg === undefined ? null : resolve(directory, values.svg),
    readme: values.readme === true,
    check: values.check === true,
  };
}

interface Narrowing {
  readonly contenders: readonly string[] | null;
  readonly rounds: number | null;
  readonly requests: number | null;
}

/** A scenario with less in it. */
export function narrow(scenario: Scenario, { contenders, rounds, requests }: Narrowing): Scenario {
  const takesPart = ({ id }: { readonly id: string }): boolean => contenders === null || contenders.includes(id);
  const shared = { rounds: rounds ?? scenario.rounds };
  switch (scenario.kind) {
    case 'exchange': {
      const { warmup, window } = scenario;
      return {
        ...scenario,
        ...shared,
        contenders: scenario.contenders.filter(takesPart),
        warmup: { ...warmup, requests: Math.min(requests ?? Number.POSITIVE_INFINITY, warmup.requests) },
        window: { ...window, requests: requests ?? window.requests },
      };
    }
    case 'import':
      return { ...scenario, ...shared, contenders: scenario.contenders.filter(takesPart) };
    case 'memory':
      return { ...scenario, contenders: scenario.contenders.filter(takesPart), requests: requests ?? scenario.requests };
  }
}

/** What `--list` prints. */
export function listing(): string {
  const scenarios = allScenarios().map(({ id, summary }) => `  ${id.padEnd(18)}${summary}`);
  const contenders = allContenders().map(({ id, label }) => `  ${id.padEnd(18)}${label}`);
  return ['Scenarios', ...scenarios, '', 'Contenders', ...contenders].join('\n');
}

function parseValues(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', multiple: true },
        contender: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        requests: { type: 'string' },
        node: { type: 'string' },
        'node-path': { type: 'string' },
        json: { type: 'string' },
        svg: { type: 'string' },
        from: { type: 'string', multiple: true },
        readme: { type: 'boolean' },
        check: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function identifiers(values: readonly string[] | undefined): readonly string[] | null {
  return values === undefined ? null : values.flatMap((value) => value.split(',')).filter((value) => value !== '');
}

function knownScenario(id: string): Scenario {
  try {
    return scenarioById(id);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function count(option: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  const parsed = Number(value.replaceAll('_', ''));
  if (!Number.isSafeInteger(parsed) || parsed < 1) throw new UsageError(`${option} takes a whole number from 1 on, not "${value}".`);
  return parsed;
}
