import { Client } from '@x/client';
import { startProxy, startServer, type EchoedRequest } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import { showAttempts } from '../show-attempts.ts';
import { showProxied } from '../show-proxied.ts';

export const forwardProxy: Job = { name: 'forward', title: 'A forward proxy: two http origins, one connection', run };

const USER = 'ada';
const PASSWORD = 'lovelace';
/** Nobody but the proxy knows them. */
const NAMES = ['one.test', 'two.test'] as const;

async function run({ report }: Stage): Promise<void> {
  await using one = await startServer('echo');
  await using two = await startServer('echo');
  await using proxy = await startProxy('http', {
    host: 'localhost',
    auth: { scheme: 'basic', user: USER, password: PASSWORD },
    resolve: (name) => (NAMES.some((known) => known === name) ? '127.0.0.1' : undefined),
  });
  await using client = new Client({ proxy: proxy.url.replace('//', `//${USER}:${PASSWORD}@`) });
  const authorities = [`${NAMES[0]}:${one.port}`, `${NAMES[1]}:${two.port}`];

  const first = await client.get(`http://${authorities[0]}/first?by=proxy`);
  const second = await client.get(`http://${authorities[1]}/second`);
  showAttempts([...first.attempts, ...second.attempts], report);
  showProxied(proxy.requests, report);

  const kinds = new Set(proxy.requests.map(({ kind }) => kind));
  report.check('the proxy was asked for whole URLs, not for tunnels', kinds.size === 1 && kinds.has('forward'), [...kinds]);
  report.checkEqual('with the names left to it', proxy.requests.map(({ target }) => target).join(', '), authorities.join(', '));
  report.check(
    'and was told who we are before it could ask',
    proxy.requests.every(({ authorized }) => authorized),
    proxy.requests.map(({ authorized }) => authorized),
  );
  const [seenByOne, seenByTwo] = [first.json<EchoedRequest>(), second.json<EchoedRequest>()];
  report.checkEqual('the first origin saw its own part of the URL', seenByOne.target, '/first?by=proxy');
  report.checkEqual('and so did the second', seenByTwo.target, '/second');
  const names = [...seenByOne.headers, ...seenByTwo.headers].map(([name]) => name.toLowerCase());
  report.checkEqual('both by way of the proxy', names.filter((name) => name === 'via').length, 2);
  report.check('and neither what is for the proxy alone', !names.includes('proxy-authorization'), names);
  report.checkEqual('the second request found the connection of the first', second.timings.connectionId, first.timings.connectionId);
  report.checkEqual('the only one, says the proxy', proxy.connections.accepted, 1);
}
