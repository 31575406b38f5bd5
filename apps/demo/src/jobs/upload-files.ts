import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@x/client';
import { formatBytes } from '@x/figures';
import { seededBuffer, type EchoedRequest } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import { showAttempts } from '../show-attempts.ts';

export const uploadFiles: Job = { name: 'upload', title: 'A multipart upload: two files in one field, one of them from disk', run };

const SIZE = 768 * 1024;
const NOTES = 'Anmerkungen, §1: “quoted”\n';

async function run({ plain, report }: Stage): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-upload-'));
  try {
    const path = join(folder, 'engine drawing.bin');
    const drawing = seededBuffer('upload', SIZE);
    await writeFile(path, drawing);
    await upload({ path, drawing }, plain.origin, report);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function upload(file: { readonly path: string; readonly drawing: Buffer }, origin: string, report: Stage['report']): Promise<void> {
  await using client = new Client({ baseUrl: origin });
  let progress = { sent: 0, total: undefined as number | undefined };
  const response = await client.post('/echo', {
    form: { title: 'Analytical Engine' },
    files: { attachment: [{ path: file.path }, { content: NOTES, filename: 'notes.md', contentType: 'text/markdown' }] },
    onUploadProgress: (now) => (progress = { sent: now.sent, total: now.total }),
  });
  showAttempts(response.attempts, report);
  report.line(`  ${formatBytes(progress.sent)} sent`);

  const echoed = response.raiseForStatus().json<EchoedRequest>();
  const field = (name: string): string => echoed.headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1] ?? '';
  const body = Buffer.from(echoed.bodyBase64, 'base64');
  report.checkEqual('its length was announced, although a file was never held', Number(field('content-length')), body.length);
  report.checkEqual('progress was told up to the last byte', progress.sent, body.length);
  report.checkEqual('of as many as were announced', progress.total, body.length);

  // Read by another hand: the parser of Node's own Response, which holds all of it, as is no harm here.
  // oxlint-disable-next-line typescript/no-deprecated
  const received = await new Response(body, { headers: { 'Content-Type': field('content-type') } }).formData();
  const files = received.getAll('attachment').filter((entry) => typeof entry !== 'string');
  const [first, second] = files;
  report.checkEqual('two files are in the one field', files.length, 2);
  report.checkEqual('beside the field of the form', received.get('title'), 'Analytical Engine');
  report.checkEqual('the first has the name that it has on disk', first?.name, 'engine drawing.bin');
  report.check('and every byte of it', first !== undefined && file.drawing.equals(Buffer.from(await first.arrayBuffer())), first?.size);
  report.checkEqual('the second its own name', second?.name, 'notes.md');
  report.checkEqual('and type', second?.type, 'text/markdown');
  report.checkEqual('and text', await second?.text(), NOTES);
}
