import { Client } from '@x/client';
import type { LocalServer } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import { showAttempts } from '../show-attempts.ts';
import type { Report } from '../report.ts';

export const getWithTimings: Job = { name: 'get', title: 'GET over http and https, with its timings', run };

async function run({ plain, secure, report }: Stage): Promise<void> {
  await getOver(plain, report);
  await getOver(secure, report);
}

/** A first GET that makes its connection, then one that finds it. */
async function getOver(server: LocalServer, report: Report): Promise<void> {
  const { handshakes } = server.connections;
  await using client = new Client({ baseUrl: server.origin, tls: { ca: server.ca } });

  const first = await client.get('/');
  showAttempts(first.attempts, report);
  report.checkEqual('it was answered 200', first.status, 200);
  report.checkEqual('with the right body', first.text(), 'hello world');
  report.checkEqual('on a connection of its own', first.timings.reused, false);
  report.check('whose making was timed', first.timings.connect !== undefined, first.timings.connect);
  if (server.ca !== undefined) {
    report.check('and so was the resolving of its name', first.timings.dns !== undefined, first.timings.dns);
    report.check('and its TLS handshake', first.timings.tls !== undefined, first.timings.tls);
  }

  const second = await client.get('/');
  showAttempts(second.attempts, report);
  report.checkEqual('again, the right body', second.text(), 'hello world');
  report.checkEqual('on the same connection', second.timings.connectionId, first.timings.connectionId);
  report.checkEqual('without connecting again', second.timings.connect ?? second.timings.tls, undefined);
  if (server.ca !== undefined) report.checkEqual('one TLS handshake, says the server', server.connections.handshakes - handshakes, 1);
}
