/** What a run of the bench leaves behind, as it is written to JSON: raw measurements, from which every figure is derived again. */
import type { Measurement, MemorySample } from '../child/job.ts';
import type { PeerName } from '../child/peers.ts';
import type { Contender } from '../contenders/registry.ts';
import type { Cores } from '../run/cores.ts';
import type { References, Units } from '../scenarios/scenario.ts';

export interface Report {
  readonly format: 1;
  /** When it began, ISO 8601. */
  readonly date: string;
  /** Abbreviated commit, with a plus when files had been changed; null outside a repository. */
  readonly commit: string | null;
  readonly machine: Machine;
  /** Version of the Node that was measured. */
  readonly node: string;
  readonly cores: Cores;
  readonly peers: Readonly<Record<PeerName, string>>;
  readonly scenarios: readonly ScenarioResult[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  /** Processes that wanted to run, on average over the minute before: other work makes figures worthless. */
  readonly loadBefore: number;
}

interface ResultBase {
  readonly id: string;
  readonly summary: string;
  /** The server that all contenders talked to; null where there is none. */
  readonly server: string | null;
}

export interface SpeedResult extends ResultBase {
  readonly kind: 'speed';
  readonly units: Units;
  readonly references: References;
  /** Body bytes that one request moves, both ways together. */
  readonly bytesPerRequest: number;
  readonly contenders: readonly SpeedOfContender[];
}

export interface SpeedOfContender {
  readonly contender: Contender;
  /** One per round, in the order of the rounds. */
  readonly measurements: readonly Measurement[];
  /** Why there are no more measurements; null when all went well. */
  readonly failure: string | null;
}

export interface MemoryResult extends ResultBase {
  readonly kind: 'memory';
  readonly contenders: readonly MemoryOfContender[];
}

export interface MemoryOfContender {
  readonly contender: Contender;
  readonly samples: readonly MemorySample[];
  readonly failure: string | null;
}

export type ScenarioResult = SpeedResult | MemoryResult;

/** @throws {TypeError} when the text is not a report of this format. */
export function parseReport(text: string): Report {
  const value = JSON.parse(text) as Partial<Report> | null;
  if (value?.format !== 1 || !Array.isArray(value.scenarios)) throw new TypeError('This is not a report of the bench.');
  return value as Report;
}
