import { Client, Retries, RetryOnStatus, TooManyRetries } from '@x/client';
import { formatDuration } from '@x/figures';
import { startServer, type Handler } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import { showAttempts } from '../show-attempts.ts';

export const retryRecovers: Job = { name: 'retry', title: 'A retry that recovers: a broken connection, a 503, then the answer', run };

/** Milliseconds. */
const BACKOFF = 40;

async function run({ report }: Stage): Promise<void> {
  await using server = await startServer(failingTwice());
  const retries = new Retries(3, { limits: [new RetryOnStatus()], backoffFactor: BACKOFF });
  await using client = new Client({ baseUrl: server.origin, retries });

  const started = performance.now();
  const response = await client.get('/report');
  const elapsed = performance.now() - started;
  showAttempts(response.attempts, report);
  const busy = response.attempts.reduce((sum, { timings }) => sum + timings.total, 0);
  report.line(`  ${formatDuration(elapsed)} in all, ${formatDuration(elapsed - busy)} of it waiting between attempts`);

  const [broken, refused, answered] = response.attempts;
  report.checkEqual('three attempts', response.attempts.length, 3);
  report.checkEqual('the first had its connection broken', broken?.status, undefined);
  report.check('and tells how', broken?.error instanceof Error);
  report.checkEqual('the second was turned away', refused?.status, 503);
  report.checkEqual('the third was answered', answered?.status, 200);
  report.checkEqual('with the right body', response.text(), 'the report');
  report.checkEqual('the server saw three', server.connections.requests, 3);

  const givenUp: unknown = await client.get('/down').catch((error: unknown) => error);
  report.check(
    'a server that stays down is given up after as many as allowed',
    givenUp instanceof TooManyRetries && givenUp.attempts.length === 4,
    givenUp,
  );
}

function failingTwice(): Handler {
  let seen = 0;
  return (request, response) => {
    request.resume();
    seen += 1;
    if (request.url === '/down') response.writeHead(503).end();
    else if (seen === 1) request.socket.destroy();
    else if (seen === 2) response.writeHead(503, { 'Retry-After': '0' }).end('busy');
    else response.end('the report');
  };
}
