/** Measured process: many requests through one contender, looking at what stays behind after garbage collection. */
import { loadContender } from '../contenders/modules.ts';
import { spend } from './budget.ts';
import type { MemoryJob, MemorySample } from './job.ts';
import { answerJob, collectGarbage } from './measured-process.ts';

answerJob(async (job: MemoryJob): Promise<readonly MemorySample[]> => {
  const { open } = await loadContender(job.contender);
  const runner = await open(job.workload);
  const samples: MemorySample[] = [];
  let done = 0;
  for (let sample = 0; sample <= job.samples; sample++) {
    const due = Math.round((job.requests * sample) / job.samples);
    const budget = await spend({ requests: due - done, milliseconds: 0x7fff_ffff }, runner.run);
    done += budget.taken;
    await collectGarbage();
    const { rss, heapUsed, external } = process.memoryUsage();
    samples.push({ requests: done, rss, heapUsed, external });
  }
  await runner.close();
  return samples;
});
