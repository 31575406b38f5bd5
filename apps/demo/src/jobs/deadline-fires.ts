import { callOf, Client, DeadlineExceeded } from '@x/client';
import { formatDuration } from '@x/figures';
import { startServer } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import { showAttempts } from '../show-attempts.ts';
import { within } from '../within.ts';

export const deadlineFires: Job = { name: 'deadline', title: 'A deadline that fires on a server that is never silent for long', run };

/** All in milliseconds. The server would take five seconds, and is never silent for as long as the read limit. */
const DEADLINE = 500;
const READ_LIMIT = 5000;
const BETWEEN_PIECES = 50;
const PIECES = 100;
/** Milliseconds for the server to see that its connection is gone. */
const CLOSING = 5000;

async function run({ report }: Stage): Promise<void> {
  const pieces = Array.from({ length: PIECES }, (_, number) => `piece ${number}\n`);
  await using server = await startServer('slow', { pieces, headDelay: BETWEEN_PIECES, pieceDelay: BETWEEN_PIECES });
  await using client = new Client({ baseUrl: server.origin, timeout: { read: READ_LIMIT } });

  const error: unknown = await client.get('/trickle', { timeout: DEADLINE }).catch((reason: unknown) => reason);
  const call = callOf(error);
  showAttempts(call?.attempts ?? [], report);
  report.line(`  gave up after ${formatDuration(call?.elapsed ?? 0)} of ${formatDuration(DEADLINE)}`);
  report.check('the call failed with DeadlineExceeded', error instanceof DeadlineExceeded, error);
  report.checkEqual('while the body came', error instanceof DeadlineExceeded ? error.phase : undefined, 'response-body');
  report.checkEqual('it says how much time there was', call?.total, DEADLINE);
  report.check('no less of it was used', (call?.elapsed ?? 0) >= DEADLINE - 1, call?.elapsed);
  report.check('and not as much as the whole body takes', (call?.elapsed ?? Infinity) < PIECES * BETWEEN_PIECES, call?.elapsed);
  report.checkEqual('the head was there in time', call?.attempts[0]?.status, 200);
  const gone = await within(
    CLOSING,
    server.connections.until((counts) => counts.open === 0),
  );
  report.check('the connection was given up with it', gone, server.connections.open);
}
