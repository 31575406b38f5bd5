import { createHash } from 'node:crypto';
import { Client } from '@x/client';
import { formatByteRate, formatCount, formatDuration, renderComparison } from '@x/figures';
import { mebibytes, seededBuffer, seededDigest, startServer, type EchoedRequest, type LocalServer } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import type { Report } from '../report.ts';
import { within } from '../within.ts';

export const sideBySide: Job = { name: 'http2', title: 'The same over HTTP/1.1 and HTTP/2, both over TLS', run };

const REQUESTS = 2000;
/** What each server allows to be under way at once: connections on the one, streams of a connection on the other. */
const AT_ONCE = 64;
const UPLOAD = mebibytes(4);
const DOWNLOAD = mebibytes(64);
const SEED = 'side by side';
/** Milliseconds for the server to see that a closed client's connections are gone. */
const CLOSING = 5000;

/** What one protocol made of it. Times in milliseconds. */
interface Results {
  readonly first: number;
  readonly upload: number;
  readonly download: number;
  readonly many: number;
}

async function run({ report }: Stage): Promise<void> {
  await using http1 = await startServer('site', { tls: true });
  await using http2 = await startServer('site', { tls: true, http2: { maxConcurrentStreams: AT_ONCE } });
  const runs = [
    { name: 'HTTP/1.1', version: '1.1', server: http1 },
    { name: 'HTTP/2', version: '2', server: http2 },
  ];
  const results: Results[] = [];
  for (const { name, version, server } of runs) {
    report.transient(`  ${name}`);
    results.push(await work(server, version, name, report));
  }
  const figure = (label: string, of: (result: Results, server: LocalServer) => string): { label: string; values: string[] } => ({
    label,
    values: runs.map(({ server }, index) => of(results[index]!, server)),
  });
  report.lines(
    renderComparison(
      runs.map(({ name }) => name),
      [
        figure('first GET, with its connection', ({ first }) => formatDuration(first)),
        figure('POST of 4 MiB, echoed', ({ upload }) => formatDuration(upload)),
        figure('download of 64 MiB', ({ download }) => formatByteRate(DOWNLOAD, download)),
        figure(`${formatCount(REQUESTS)} requests at once`, ({ many }) => `${formatCount((REQUESTS / many) * 1000)} / s`),
        figure('connections, says the server', (_, { connections }) => formatCount(connections.accepted)),
        figure('requests on one of them', (_, { connections }) => formatCount(Math.max(...connections.requestsPerConnection))),
        figure('at the same time on one', (_, { connections }) => formatCount(connections.peakPerConnection)),
      ],
      report.terminal,
    ),
  );
  const total = REQUESTS + 3;
  for (const { name, server } of runs) {
    report.checkEqual(`${name}: the server saw each of the ${formatCount(total)} requests once`, server.connections.requests, total);
  }
  report.checkEqual(`HTTP/1.1 needed ${AT_ONCE} connections`, http1.connections.accepted, AT_ONCE);
  report.checkEqual('HTTP/2 needed one', http2.connections.accepted, 1);
  report.checkEqual(`with as many streams as the server allows: ${AT_ONCE}`, http2.connections.peakPerConnection, AT_ONCE);
}

async function work(server: LocalServer, version: string, name: string, report: Report): Promise<Results> {
  const client = new Client({
    baseUrl: server.origin,
    tls: { ca: server.ca },
    limits: { maxConnectionsPerOrigin: version === '2' ? 1 : AT_ONCE },
  });
  try {
    const first = await client.get('/');
    const body = seededBuffer(SEED, UPLOAD);
    const upload = await client.post('/echo/raw', { body });
    const [download, digest] = await digested(client);
    const started = performance.now();
    const answers = await Promise.all(Array.from({ length: REQUESTS }, (_, id) => client.get(`/echo?request=${id}`)));
    const many = performance.now() - started;

    const versions = new Set([first, upload, ...answers].map(({ httpVersion }) => httpVersion));
    report.checkEqual(`${name}: it is what was spoken, throughout`, [...versions].join(' '), version);
    report.check(`${name}: the upload came back unchanged`, body.equals(upload.raiseForStatus().bytes()));
    report.checkEqual(`${name}: the download has the right SHA-256`, digest, seededDigest(SEED, DOWNLOAD));
    const right = answers.filter(
      (answer, id) => answer.status === 200 && answer.json<EchoedRequest>().target === `/echo?request=${id}`,
    ).length;
    report.checkEqual(`${name}: each of ${formatCount(REQUESTS)} requests has its own answer`, right, REQUESTS);
    return { first: first.timings.total, upload: upload.timings.total, download, many };
  } finally {
    await client.close();
    const gone = await within(
      CLOSING,
      server.connections.until((counts) => counts.open === 0),
    );
    report.check(`${name}: no connection is left open after the client closed`, gone, server.connections.open);
  }
}

async function digested(client: Client): Promise<[milliseconds: number, sha256: string]> {
  const started = performance.now();
  await using response = await client.stream('GET', `/bytes/${DOWNLOAD}`, { params: { seed: SEED } });
  const hash = createHash('sha256');
  for await (const chunk of response) hash.update(chunk);
  return [performance.now() - started, hash.digest('hex')];
}
