import { Client, Proxy, type TraceEvents, type TraceObserver } from '@x/client';
import { serverCertificate, startProxy, startServer } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import { showAttempts } from '../show-attempts.ts';
import { showProxied } from '../show-proxied.ts';

export const socksProxy: Job = { name: 'socks', title: 'SOCKS5h: https to a name that the proxy alone knows', run };

const USER = 'ada';
const PASSWORD = 'lovelace';
const NAME = 'origin.test';

async function run({ report }: Stage): Promise<void> {
  const certificate = await serverCertificate({ names: [NAME] });
  await using origin = await startServer('plain', { host: 'localhost', tls: { certificate } });
  await using proxy = await startProxy('socks', {
    host: 'localhost',
    auth: { user: USER, password: PASSWORD },
    resolve: (name) => (name === NAME ? '127.0.0.1' : undefined),
  });
  const auth = [USER, PASSWORD] as const;
  await using client = new Client({ tls: { ca: origin.ca }, proxy: new Proxy(proxy.url('socks5h'), { auth }) });

  const namesOfFirst: string[] = [];
  const first = await client.get(`https://${NAME}:${origin.port}/`, { trace: noteNames(namesOfFirst) });
  const second = await client.get(`https://${NAME}:${origin.port}/`);
  const namesOfThird: string[] = [];
  const third = await client.get(`https://localhost:${origin.port}/`, {
    proxy: new Proxy(proxy.url('socks5'), { auth }),
    trace: noteNames(namesOfThird),
  });
  showAttempts([...first.attempts, ...second.attempts, ...third.attempts], report);
  showProxied(proxy.requests, report);

  const [byName, byAddress] = proxy.requests;
  report.checkEqual('it was answered 200', first.status, 200);
  report.checkEqual('the proxy was given the name', byName?.target, `${NAME}:${origin.port}`);
  report.checkEqual("only the proxy's own name was resolved here", namesOfFirst.join(), 'localhost');
  report.checkEqual('the proxy knew who we are', byName?.user, USER);
  const handshakes = [first.timings.proxy, first.timings.tls];
  report.check('the handshakes with proxy and origin were timed apart', !handshakes.includes(undefined), handshakes);
  report.checkEqual('the second request went through the same tunnel', second.timings.connectionId, first.timings.connectionId);
  report.checkEqual('by plain SOCKS5 another was made, says the proxy', proxy.tunnels.opened, 2);
  report.checkEqual('for a name that was resolved here', namesOfThird.join(), 'localhost,localhost');
  report.check('so that the proxy was given an address', ['ipv4', 'ipv6'].includes(byAddress?.addressType ?? ''), byAddress?.target);
}

function noteNames(names: string[]): TraceObserver {
  return (name, _at, detail) => {
    if (name === 'dns-start') names.push((detail as TraceEvents['dns-start']).host);
  };
}
