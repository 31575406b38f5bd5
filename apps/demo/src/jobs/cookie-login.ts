import { Client, CookieJar } from '@x/client';
import type { Job, Stage } from '../job.ts';
import { showAttempts } from '../show-attempts.ts';

export const cookieLogin: Job = { name: 'login', title: 'A login: a form, a redirect, and a cookie that opens the door', run };

async function run({ plain, report }: Stage): Promise<void> {
  const jar = new CookieJar();
  await using client = new Client({ baseUrl: plain.origin, cookies: jar });

  const outside = await client.get('/account');
  report.checkEqual('nobody gets in without', outside.status, 401);

  const account = await client.post('/login', { form: { user: 'ada', password: 'lovelace' } });
  showAttempts(account.attempts, report);
  report.checkEqual('the login answered with a redirect', account.history[0]?.status, 303);
  report.checkEqual('which was followed with GET', account.request.method, 'GET');
  report.checkEqual('without the form', account.request.body, null);
  report.checkEqual('to the account', account.url, plain.url('/account'));
  report.checkEqual('of the user who logged in', account.json<{ user?: string }>().user, 'ada');
  report.checkEqual('over one connection', account.timings.connectionId, account.history[0]?.timings.connectionId);
  report.check('the session is in the jar', /(?:^|; )session=[\da-f]{32}(?:;|$)/u.test(jar.header(plain.url('/')) ?? ''));

  report.checkEqual('and opens the door again', (await client.get('/account')).status, 200);
  report.checkEqual('but not for a request without cookies', (await client.get('/account', { cookies: null })).status, 401);
}
