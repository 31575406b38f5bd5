import { isDeepStrictEqual } from 'node:util';
import { Client } from '@x/client';
import { formatBytes, formatDuration } from '@x/figures';
import { mebibytes, seededBuffer, type EchoedRequest } from '@x/testbed';
import type { Job, Stage } from '../job.ts';

export const postEchoed: Job = { name: 'post', title: 'POST, echoed back and compared', run };

const ORDER = {
  customer: 'Ада Лавлейс',
  lines: [
    { item: 'punched cards', count: 1200, price: 0.25 },
    { item: 'brass gear ⚙', count: 3, price: 19.5 },
  ],
  note: null,
  paid: true,
};

async function run({ plain, report }: Stage): Promise<void> {
  await using client = new Client({ baseUrl: plain.origin, headers: { 'X-Demo': 'post' } });

  const response = await client.post('/echo', { json: ORDER });
  const echoed = response.raiseForStatus().json<EchoedRequest>();
  const sent = new Map(echoed.headers.map(([name, value]) => [name.toLowerCase(), value]));
  report.line(`  JSON of ${formatBytes(Buffer.byteLength(echoed.body))} there and back in ${formatDuration(response.timings.total)}`);
  report.checkEqual('the server saw a POST', echoed.method, 'POST');
  report.checkEqual('of application/json', sent.get('content-type'), 'application/json');
  report.checkEqual('with the length announced', Number(sent.get('content-length')), Buffer.byteLength(JSON.stringify(ORDER)));
  report.checkEqual("with the client's own header", sent.get('x-demo'), 'post');
  report.check('and the document came back equal', isDeepStrictEqual(JSON.parse(echoed.body), ORDER), echoed.body);

  const bytes = seededBuffer('post', mebibytes(4));
  const raw = await client.post('/echo/raw', { body: bytes });
  report.line(`  ${formatBytes(bytes.length)} of binary there and back in ${formatDuration(raw.timings.total)}`);
  report.check('the bytes came back unchanged', bytes.equals(raw.raiseForStatus().bytes()), formatBytes(raw.bytes().length));
}
