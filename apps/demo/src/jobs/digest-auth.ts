import { Client, DigestAuth } from '@x/client';
import { startServer } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import { showAttempts } from '../show-attempts.ts';

export const digestAuth: Job = { name: 'digest', title: 'Digest: one challenge, and every request after it signed', run };

const USER = 'ada';
const PASSWORD = 'lovelace';

interface Admitted {
  readonly user?: string;
  readonly algorithm?: string;
  readonly nc?: string;
}

async function run({ report }: Stage): Promise<void> {
  await using server = await startServer('digest', { user: USER, password: PASSWORD });
  await using client = new Client({ baseUrl: server.origin, auth: new DigestAuth(USER, PASSWORD) });

  const first = await client.get('/first');
  const second = await client.post('/second', { json: { signed: true } });
  showAttempts([...first.attempts, ...second.attempts], report);

  const statuses = (attempts: typeof first.attempts): string => attempts.map(({ status }) => status).join(', ');
  report.checkEqual('the first request was challenged, then admitted', statuses(first.attempts), '401, 200');
  report.checkEqual('as the user', first.json<Admitted>().user, USER);
  report.checkEqual('by the strongest algorithm on offer', first.json<Admitted>().algorithm, 'SHA-256');
  report.checkEqual('the second one needed no challenge', statuses(second.attempts), '200');
  report.checkEqual('and counted on', second.json<Admitted>().nc, '00000002');
  report.checkEqual('one challenge, says the server', server.digest.challenged, 1);
  const sent = [...first.attempts, ...second.attempts].flatMap(({ request }) => request.rawHeaders.map(([, value]) => value));
  report.check(
    'the password went nowhere',
    sent.every((value) => !value.includes(PASSWORD)),
  );

  const intruder = await client.get('/first', { auth: new DigestAuth(USER, 'byron') });
  report.checkEqual('a wrong password stays outside', intruder.status, 401);
  report.checkEqual('after one try', intruder.attempts.length, 2);
}
