import { createHash } from 'node:crypto';
import { Client } from '@x/client';
import { formatBytes, renderProgress } from '@x/figures';
import { mebibytes, seededDigest } from '@x/testbed';
import type { Job, Stage } from '../job.ts';

export const download: Job = { name: 'download', title: 'A download of 64 MiB, its digest checked', run };

const SIZE = mebibytes(64);
const SEED = 'download';
/** Milliseconds between two drawings: as often as an eye can follow. */
const REDRAW = 40;

async function run({ plain, report }: Stage): Promise<void> {
  const expected = seededDigest(SEED, SIZE);
  await using client = new Client({ baseUrl: plain.origin });
  const started = performance.now();
  await using response = await client.stream('GET', `/bytes/${SIZE}`, { params: { seed: SEED } });
  const announced = response.headers.get('content-length');
  const total = announced === null || announced === undefined ? undefined : Number(announced);

  const hash = createHash('sha256');
  let done = 0;
  let drawn = 0;
  for await (const chunk of response) {
    hash.update(chunk);
    done += chunk.byteLength;
    const elapsed = performance.now() - started;
    if (elapsed - drawn < REDRAW) continue;
    drawn = elapsed;
    report.transient(renderProgress({ done, total, elapsed }, report.terminal));
  }
  const elapsed = performance.now() - started;
  const digest = hash.digest('hex');
  report.line(renderProgress({ done, total, elapsed }, report.terminal));
  report.line(`  SHA-256  ${report.terminal.style.faint(digest)}`);
  report.checkEqual('it was answered 200', response.status, 200);
  report.checkEqual(`all ${formatBytes(SIZE)} have arrived`, done, SIZE);
  report.checkEqual('as many as were announced', total, done);
  report.checkEqual('the SHA-256 is that of what the server sent', digest, expected);
}
