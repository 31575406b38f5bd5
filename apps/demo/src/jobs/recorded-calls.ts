import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@x/client';
import { record, toCurl, type Har } from '@x/client/testing';
import { formatDuration } from '@x/figures';
import type { Job, Stage } from '../job.ts';

export const recordedCalls: Job = { name: 'record', title: 'Calls recorded into a HAR file, and answered from it', run };

async function run({ plain, report }: Stage): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-'));
  try {
    const file = join(folder, 'echo.har');
    const arrivedBefore = plain.connections.requests;
    const first = await call(plain.url('/echo'), file);
    const second = await call(plain.url('/echo'), file);
    const text = await readFile(file, 'utf8');
    const { log } = JSON.parse(text) as Har;

    report.lines([
      `  recorded  ${formatDuration(first.duration)}  ${log.entries.map(({ request, response }) => `${request.method} ${response.status}`).join()}`,
      `  replayed  ${formatDuration(second.duration)}`,
      `  as a command: ${first.command.split('\n', 1)[0]} …`,
    ]);
    report.check('the first call was recorded, the second answered from the file', first.isRecorded && !second.isRecorded);
    report.checkEqual('the server was asked once', plain.connections.requests - arrivedBefore, 1);
    report.checkEqual('and both read the same', second.text, first.text);
    report.check('no secret is in the file, nor in the command', !`${text}${first.command}`.includes('s3cret'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function call(
  url: string,
  file: string,
): Promise<{ readonly text: string; readonly duration: number; readonly isRecorded: boolean; readonly command: string }> {
  await using recorder = record({ file });
  await using client = new Client({ dispatcher: recorder });
  const started = performance.now();
  const response = await client.post(url, {
    params: { access_token: 's3cret' },
    json: { name: 'pen' },
    headers: { 'x-api-key': 's3cret' },
  });
  return {
    // The server says again what it was sent; in the file that is masked.
    text: response.text().replaceAll(/s3cret|\[redacted\]/g, '***'),
    duration: performance.now() - started,
    isRecorded: recorder.isRecording,
    command: toCurl(response),
  };
}
