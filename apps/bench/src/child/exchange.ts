/** Measured process: one contender, one workload, one window after a warm-up. */
import { loadContender } from '../contenders/modules.ts';
import { spend } from './budget.ts';
import type { ExchangeJob, Measurement } from './job.ts';
import { answerJob, collectGarbage } from './measured-process.ts';

answerJob(async (job: ExchangeJob): Promise<Measurement> => {
  const { open } = await loadContender(job.contender);
  const runner = await open(job.workload);
  await spend(job.warmup, runner.run);
  // Nobody pays for the garbage of the warm-up.
  await collectGarbage();

  const cpuAtStart = process.cpuUsage();
  const start = process.hrtime.bigint();
  const budget = await spend(job.window, runner.run);
  const wallMicros = Number(process.hrtime.bigint() - start) / 1000;
  const cpu = process.cpuUsage(cpuAtStart);

  await runner.close();
  return { requests: budget.taken, userMicros: cpu.user, systemMicros: cpu.system, wallMicros };
});
