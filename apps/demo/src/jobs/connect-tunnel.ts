import { inspect } from 'node:util';
import { callOf, Client, DigestAuth, Proxy, ProxyError } from '@x/client';
import { startProxy, startServer, type EchoedRequest, type HttpProxy, type LocalServer } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import type { Report } from '../report.ts';
import { showAttempts } from '../show-attempts.ts';
import { showProxied } from '../show-proxied.ts';

export const connectTunnel: Job = { name: 'tunnel', title: 'CONNECT by a proxy that wants Digest, and HTTP/2 in the tunnel', run };

const USER = 'ada';
const PASSWORD = 'lovelace';
const WRONG_PASSWORD = 'byron-himself';

async function run({ report }: Stage): Promise<void> {
  await using origin = await startServer('echo', { tls: true, http2: true });
  await using proxy = await startProxy('http', { host: 'localhost', auth: { scheme: 'digest', user: USER, password: PASSWORD } });
  await using client = new Client({
    baseUrl: origin.origin,
    tls: { ca: origin.ca },
    headers: { 'X-Between-Us': 'for the origin' },
    proxy: new Proxy(proxy.url, { auth: new DigestAuth(USER, PASSWORD) }),
  });
  await inside(client, origin, proxy, report);
  await outside(client, origin, proxy, report);
}

/** The proxy asks who we are, opens the tunnel, and is no part of what goes through it. */
async function inside(client: Client, origin: LocalServer, proxy: HttpProxy, report: Report): Promise<void> {
  const first = await client.get('/first');
  const second = await client.get('/second');
  showAttempts([...first.attempts, ...second.attempts], report);
  showProxied(proxy.requests, report);

  const target = origin.origin.replace('https://', '');
  const asked = proxy.requests.map(({ kind, target: host, authorized }) => `${kind} ${host} ${authorized}`);
  report.checkEqual('the proxy asked once, then opened the tunnel', asked.join(), `connect ${target} false,connect ${target} true`);
  report.checkEqual('both on one connection', proxy.connections.accepted, 1);
  report.checkEqual('all of which was one request to the caller', first.attempts.length, 1);
  const handshakes = [first.timings.proxy, first.timings.tls];
  report.check('the handshakes with proxy and origin were timed apart', !handshakes.includes(undefined), handshakes);
  report.checkEqual('HTTP/2 was spoken in the tunnel', `${first.httpVersion}, ${second.httpVersion}`, '2, 2');
  report.checkEqual('the second request went through the same one', proxy.tunnels.opened, 1);
  report.checkEqual('without asking the proxy again', second.timings.proxy ?? second.timings.tls, undefined);

  const toProxy = proxy.requests.flatMap(({ headers }) => headers.map(([name, value]) => `${name}: ${value}`));
  const signed = toProxy.filter((line) => /^proxy-authorization: Digest /iu.test(line));
  report.checkEqual('one signature was enough', signed.length, 1);
  report.check('the password went nowhere', !toProxy.some((line) => holdsPassword(line, PASSWORD)));
  report.check('nor did what is for the origin', !toProxy.some((line) => /^x-between-us:/iu.test(line)), toProxy);
  const toOrigin = first.json<EchoedRequest>().headers.map(([name]) => name.toLowerCase());
  report.check('which has it', toOrigin.includes('x-between-us'), toOrigin);
  report.check('and nothing that is for the proxy', !toOrigin.includes('proxy-authorization'), toOrigin);
}

async function outside(client: Client, origin: LocalServer, proxy: HttpProxy, report: Report): Promise<void> {
  const before = origin.connections.accepted;
  const intruder = new Proxy(proxy.url, { auth: [USER, WRONG_PASSWORD] });
  const error: unknown = await client.get('/third', { proxy: intruder }).catch((reason: unknown) => reason);
  showAttempts(callOf(error)?.attempts ?? [], report);

  report.check('a wrong password is a ProxyError', error instanceof ProxyError, error);
  const { status, code, body } = error instanceof ProxyError ? error : {};
  report.checkEqual('that says what the proxy wants', `${status} ${code}`, '407 PROXY_AUTH_REQUIRED');
  const printed = `${inspect(error, { depth: Infinity })} ${JSON.stringify(error)}`;
  report.check('and not what it was told, however it is printed', !holdsPassword(printed, WRONG_PASSWORD));
  report.checkEqual('with what the proxy had to say', body, '407 Proxy Authentication Required\n');
  report.checkEqual('the origin saw nothing of it', origin.connections.accepted, before);
}

/** As it is, or as Basic has it. */
function holdsPassword(text: string, password: string): boolean {
  return text.includes(password) || text.includes(Buffer.from(`${USER}:${password}`).toString('base64'));
}
