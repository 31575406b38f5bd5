import { Client, type Response } from '@x/client';
import { formatCount, formatDuration, percentile, renderFigures, renderHistogram } from '@x/figures';
import type { EchoedRequest } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import { within } from '../within.ts';

export const manyAtOnce: Job = { name: 'pool', title: '2,000 requests at once over 64 connections', run };

const REQUESTS = 2000;
const CONNECTIONS = 64;
/** Milliseconds for the server to see that a closed client's connections are gone. */
const CLOSING = 5000;

interface Exchange {
  readonly response: Response;
  readonly target: string;
  /** Milliseconds from the call to the whole body, the wait for a connection included. */
  readonly elapsed: number;
}

async function run({ plain, report }: Stage): Promise<void> {
  const { terminal } = report;
  const before = { ...plain.connections };
  await using client = new Client({ baseUrl: plain.origin, limits: { maxConnectionsPerOrigin: CONNECTIONS } });
  let finished = 0;

  async function exchange(number: number): Promise<Exchange> {
    const target = `/echo?request=${number}`;
    const start = performance.now();
    const response = await client.get(target);
    finished += 1;
    if (finished % 100 === 0) report.transient(`  ${formatCount(finished)} of ${formatCount(REQUESTS)} answered`);
    return { response, target, elapsed: performance.now() - start };
  }

  const started = performance.now();
  const exchanges = await Promise.all(Array.from({ length: REQUESTS }, (_, number) => exchange(number)));
  const elapsed = performance.now() - started;
  const accepted = plain.connections.accepted - before.accepted;
  const served = plain.connections.requestsPerConnection.slice(before.accepted).toSorted((a, b) => a - b);
  await client.close();

  const whole = sorted(exchanges.map((each) => each.elapsed));
  const alone = sorted(
    exchanges.map(({ response: { timings } }) => (timings.sent ?? 0) + (timings.firstByte ?? 0) + (timings.download ?? 0)),
  );
  const halfAndAlmostAll = (values: readonly number[]): string =>
    `${formatDuration(percentile(values, 0.5))} / ${formatDuration(percentile(values, 0.99))}`;
  report.lines(
    renderFigures(
      [
        { label: 'connections opened', value: formatCount(accepted), note: 'as the server counted them' },
        { label: 'requests on one', value: `${served[0] ?? 0} to ${served.at(-1) ?? 0}`, note: 'as the server counted them' },
        { label: 'found an open connection', value: formatCount(REQUESTS - accepted) },
        { label: 'requests per second', value: formatCount((REQUESTS / elapsed) * 1000), note: 'client and server in one process' },
        { label: 'p50 / p99', value: halfAndAlmostAll(whole), note: 'with the wait for a connection' },
        { label: 'p50 / p99', value: halfAndAlmostAll(alone), note: 'the exchange alone' },
      ],
      terminal,
    ),
  );
  const spread = renderHistogram(whole, Math.min(terminal.width - 40, 48), terminal.blocks);
  report.line(`  ${formatDuration(whole[0] ?? 0)} ${terminal.style.bars.at(1)?.(spread) ?? spread} ${formatDuration(whole.at(-1) ?? 0)}`);

  const right = exchanges.filter(isAnswerToItsRequest).length;
  const opened = exchanges.filter(({ response }) => response.timings.reused === false).length;
  report.checkEqual(`all ${formatCount(REQUESTS)} were answered 200, each with the answer to its own request`, right, REQUESTS);
  report.checkEqual('the server saw each of them once', plain.connections.requests - before.requests, REQUESTS);
  report.check(`over no more than ${CONNECTIONS} connections`, accepted <= CONNECTIONS, accepted);
  report.checkEqual('and the client counts the same connections', opened, accepted);
  const gone = await within(
    CLOSING,
    plain.connections.until((counts) => counts.open === 0),
  );
  report.check('none is left open after the client closed', gone, plain.connections.open);
}

function isAnswerToItsRequest({ response, target }: Exchange): boolean {
  return response.status === 200 && response.json<EchoedRequest>().target === target;
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
