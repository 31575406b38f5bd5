/** Runs one scenario: its server, and each contender's processes in turn. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job, JobResult, Measurement, Workload } from '../child/job.ts';
import { peerPackage } from '../child/peers.ts';
import type { Contender } from '../contenders/registry.ts';
import type { MemoryOfContender, ScenarioResult, SpeedOfContender, SpeedResult } from '../report/report.ts';
import type { ExchangeScenario, ImportedContender, ImportScenario, MemoryScenario, Scenario, Traffic } from '../scenarios/scenario.ts';
import type { RunningServer } from '../servers/server.ts';
import type { Compiled } from './compile.ts';
import type { Cores } from './cores.ts';
import { capture, plainEnvironment } from './processes.ts';
import type { Runtime } from './runtime.ts';
import { interleave } from './schedule.ts';

export interface RunSetting {
  readonly compiled: Compiled;
  readonly cores: Cores;
  readonly runtime: Runtime;
  /** Called before each process with a line for the impatient. */
  readonly progress: (line: string) => void;
}

const CHILDREN: Readonly<Record<Job['kind'], URL>> = {
  exchange: new URL('../child/exchange.ts', import.meta.url),
  import: new URL('../child/import-time.ts', import.meta.url),
  memory: new URL('../child/memory.ts', import.meta.url),
};
const NODE_SERVER = new URL('../servers/node-server.ts', import.meta.url);
const CONNECT_PROXY = new URL('../servers/connect-proxy.ts', import.meta.url);

/** What the child needs beyond its effort: starting, and closing a pool of a busy contender. */
const PROCESS_ALLOWANCE = 60_000;

export function runScenario(scenario: Scenario, setting: RunSetting): Promise<ScenarioResult> {
  switch (scenario.kind) {
    case 'exchange':
      return withServer(scenario, setting, (server) => runExchanges(scenario, server, setting));
    case 'memory':
      return withServer(scenario, setting, (server) => runMemory(scenario, server, setting));
    case 'import':
      return runImports(scenario, setting);
  }
}

async function runExchanges(scenario: ExchangeScenario, server: RunningServer, setting: RunSetting): Promise<SpeedResult> {
  const { traffic, warmup, window } = scenario;
  const workload = workloadAt(traffic, server);
  const timeout = warmup.milliseconds + window.milliseconds + PROCESS_ALLOWANCE;
  const contenders = await takeTurns(scenario, setting, (contender) =>
    runJob(setting, { kind: 'exchange', contender: contender.id, workload, warmup, window }, server, timeout),
  );
  return { ...speedResult(scenario, contenders), server: server.label, bytesPerRequest: traffic.bodyBytes + traffic.uploadBytes };
}

async function runImports(scenario: ImportScenario, setting: RunSetting): Promise<SpeedResult> {
  const measure = (contender: ImportedContender): Promise<Measurement> => {
    const peer = contender.peer === null ? null : peerPackage(contender.peer, setting.runtime.version);
    return runJob(setting, { kind: 'import', specifiers: contender.specifiers(peer) }, null, PROCESS_ALLOWANCE);
  };
  // Nobody pays for the first read of the files from the disk.
  for (const contender of scenario.contenders) await measure(contender).catch(() => undefined);
  const contenders = await takeTurns(scenario, setting, measure);
  return { ...speedResult(scenario, contenders), server: null, bytesPerRequest: 0 };
}

async function runMemory(scenario: MemoryScenario, server: RunningServer, setting: RunSetting): Promise<ScenarioResult> {
  const { requests, samples, traffic, id, summary } = scenario;
  const workload = workloadAt(traffic, server);
  const contenders: MemoryOfContender[] = [];
  for (const contender of scenario.contenders) {
    setting.progress(`${id}: ${contender.label}`);
    try {
      const job: Job = { kind: 'memory', contender: contender.id, workload, requests, samples };
      // A millisecond per request is many times what the slowest of them takes.
      contenders.push({ contender, samples: await runJob(setting, job, server, requests + PROCESS_ALLOWANCE), failure: null });
    } catch (error) {
      contenders.push({ contender, samples: [], failure: (error as Error).message });
    }
  }
  return { kind: 'memory', id, summary, server: server.label, contenders };
}

interface Rounds<C extends Contender> {
  readonly id: string;
  readonly contenders: readonly C[];
  readonly rounds: number;
}

/** Measures everybody round by round. Who fails once is not asked again. */
async function takeTurns<C extends Contender>(
  { id, contenders, rounds }: Rounds<C>,
  { progress }: RunSetting,
  measure: (contender: C) => Promise<Measurement>,
): Promise<readonly SpeedOfContender[]> {
  const measurements = new Map<C, Measurement[]>(contenders.map((contender) => [contender, []]));
  const failures = new Map<C, string>();
  for (const { round, contender } of interleave(contenders, rounds)) {
    if (failures.has(contender)) continue;
    progress(`${id}: round ${round} of ${rounds}, ${contender.label}`);
    try {
      measurements.get(contender)?.push(await measure(contender));
    } catch (error) {
      failures.set(contender, (error as Error).message);
    }
  }
  return contenders.map((contender) => ({
    contender: described(contender),
    measurements: measurements.get(contender) ?? [],
    failure: failures.get(contender) ?? null,
  }));
}

/** Only what belongs into a report. */
function described({ id, label, level, ours, peer }: Contender): Contender {
  return { id, label, level, ours, peer };
}

function speedResult(
  { id, summary, units, references }: ExchangeScenario | ImportScenario,
  contenders: readonly SpeedOfContender[],
): Pick<SpeedResult, 'kind' | 'id' | 'summary' | 'units' | 'references' | 'contenders'> {
  return { kind: 'speed', id, summary, units, references, contenders };
}

function workloadAt(traffic: Traffic, { host, port, proxy }: RunningServer): Workload {
  return { ...traffic, host, port, proxy };
}

/** Runs a job in a process of its own and returns its result. */
async function runJob<J extends Job>(setting: RunSetting, job: J, server: RunningServer | null, timeout: number): Promise<JobResult<J>> {
  const { compiled, cores, runtime } = setting;
  // The one way to trust an authority that every contender knows.
  const authority = server === null ? null : server.authority;
  const output = await capture({
    core: cores.measured,
    program: runtime.path,
    args: ['--expose-gc', compiled.path(CHILDREN[job.kind]), JSON.stringify(job)],
    env: plainEnvironment(authority === null ? {} : { NODE_EXTRA_CA_CERTS: authority }),
    cwd: compiled.directory,
    timeout,
  });
  return JSON.parse(output) as JobResult<J>;
}

async function withServer<T>(
  { startServer, traffic }: ExchangeScenario | MemoryScenario,
  { compiled, cores }: RunSetting,
  work: (server: RunningServer) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(compiled.directory, 'server-'));
  const secure = traffic.scheme === 'https';
  const http2 = traffic.protocol === 'h2';
  const [nodeServer, connectProxy] = [compiled.path(NODE_SERVER), compiled.path(CONNECT_PROXY)];
  const server = await startServer({ secure, http2, directory, core: cores.server, nodeServer, connectProxy });
  try {
    return await work(server);
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
