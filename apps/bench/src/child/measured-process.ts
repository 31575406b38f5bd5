/** What the measured processes share: reading the job, answering, failing. */
import type { Job } from './job.ts';

/** Runs `work` on the job of this process and ends the process: 0 with the result on stdout, or 1 with the reason on stderr. */
export function answerJob<J extends Job>(work: (job: J) => Promise<unknown>): void {
  const argument = process.argv[2];
  if (argument === undefined) throw new Error('This file is started by the bench, with a job as its argument.');
  work(JSON.parse(argument) as J).then(
    (result) => process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0)),
    (error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(`${text}\n`, () => process.exit(1));
    },
  );
}

/** Collects garbage twice, with a turn between, so that what finalizers release is gone as well. Needs `--expose-gc`. */
export async function collectGarbage(): Promise<void> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('A measured process needs --expose-gc.');
  collect();
  await new Promise<void>((resolve) => setImmediate(resolve));
  collect();
}
