/** What a scenario is. The registry beside this file lists them; a new one is an entry there. */
import type { Effort, MemoryJob, Workload } from '../child/job.ts';
import type { Contender } from '../contenders/registry.ts';
import type { StartServer } from '../servers/server.ts';

/** What the figures of a scenario are given in: CPU time per request, and what is shown beside it: a rate, or the time that passed. */
export interface Units {
  readonly cpu: 'µs' | 'ms';
  readonly rate: 'req/s' | 'MiB/s' | 'wall ms';
}

/** The contenders that ratios refer to. */
export interface References {
  /** Nothing can cost less than this one; null where no floor makes sense. */
  readonly floor: string | null;
  /** What contenders of the level `dispatch` are compared with. */
  readonly dispatch: string;
  /** What contenders of the level `client` are compared with. */
  readonly client: string;
}

interface ScenarioBase {
  readonly id: string;
  /** One line that says what one request is. */
  readonly summary: string;
  readonly units: Units;
  readonly references: References;
  readonly rounds: number;
}

/** Requests to a server, measured in a window after a warm-up. */
export interface ExchangeScenario extends ScenarioBase {
  readonly kind: 'exchange';
  readonly contenders: readonly Contender[];
  readonly startServer: StartServer;
  /** Everything but where the server is. */
  readonly traffic: Traffic;
  readonly warmup: Effort;
  readonly window: Effort;
}

/** Imports of a package into a fresh process. */
export interface ImportScenario extends ScenarioBase {
  readonly kind: 'import';
  readonly contenders: readonly ImportedContender[];
}

/** Memory held after ever more requests, for whether it grows. */
export interface MemoryScenario extends ScenarioBase {
  readonly kind: 'memory';
  readonly contenders: readonly Contender[];
  readonly startServer: StartServer;
  readonly traffic: Traffic;
  readonly requests: MemoryJob['requests'];
  readonly samples: MemoryJob['samples'];
}

export type Scenario = ExchangeScenario | ImportScenario | MemoryScenario;

/** A workload without the address, which is known once the server runs. */
export type Traffic = Omit<Workload, 'host' | 'port' | 'proxy'>;

export interface ImportedContender extends Contender {
  /** What is imported, given the release that this Node can run. */
  specifiers(peerPackage: string | null): readonly string[];
}
