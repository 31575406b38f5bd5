import { Client } from '@x/client';
import { formatCount, formatDuration, renderFigures } from '@x/figures';
import { findProgram, startNginx } from '@x/testbed';
import type { Job, Stage } from '../job.ts';

export const goaway: Job = { name: 'goaway', title: 'Very many requests to an nginx that says GOAWAY after every 100', run };

const MANY = 100_000;
const FEWER = 10_000;
const PER_CONNECTION = 100;
const AT_ONCE = 100;

async function run({ report, quick }: Stage): Promise<void> {
  if (findProgram('nginx') === undefined) {
    report.line('  nginx is not installed: left out');
    return;
  }
  await using nginx = await startNginx({
    tls: true,
    http2: true,
    server: `keepalive_requests ${PER_CONNECTION}; location / { return 200 "$arg_id"; }`,
    accessLog: '$arg_id',
  });
  const client = new Client({ baseUrl: nginx.origin, tls: { ca: nginx.ca } });
  const requests = quick ? FEWER : MANY;
  const connections = new Set<number | undefined>();
  let next = 0;
  let right = 0;
  const loop = async (): Promise<void> => {
    for (let id = next++; id < requests; id = next++) {
      // POST: nothing that may be sent twice by itself.
      const response = await client.post(`/?id=${id}`);
      if (response.status === 200 && response.text() === String(id)) right += 1;
      connections.add(response.timings.connectionId);
      if (id % 1000 === 0) report.transient(`  ${formatCount(id)} of ${formatCount(requests)}`);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, loop));
  const elapsed = performance.now() - started;
  await client.close();

  const served = new Map<string, number>();
  for (const id of await nginx.stop()) served.set(id, (served.get(id) ?? 0) + 1);
  const twice = Array.from(served.values()).filter((times) => times > 1).length;
  report.lines(
    renderFigures(
      [
        { label: 'requests per second', value: formatCount((requests / elapsed) * 1000), note: `${formatDuration(elapsed)} in all` },
        { label: 'connections', value: formatCount(connections.size), note: 'each ended by a GOAWAY while requests were under way' },
      ],
      report.terminal,
    ),
  );
  report.checkEqual(`all ${formatCount(requests)} were answered, each with its own answer`, right, requests);
  report.checkEqual("none was lost, says nginx's log", served.size, requests);
  report.checkEqual('and none was sent twice', twice, 0);
  report.check('over at least as many connections as that takes', connections.size >= requests / PER_CONNECTION, connections.size);
}
