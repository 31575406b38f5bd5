/** `xhttp doctor URL`: each step on the way to a server, with what decided it. It asks three times: for the way, for the connection, for a cache. */
import { environmentProxy } from '@x/client';
import { HttpCache } from '@x/cache';
import { openClient, type OpenedClient } from '../call/opened-client.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { readWords } from '../options/command-line.ts';
import { readSettings, type Settings } from '../options/settings.ts';
import { optionRows } from '../options/table.ts';
import { openScreen, type Screen } from '../output/screen.ts';
import { planOfItems } from '../plan/of-items.ts';
import { openSession } from '../sessions/session.ts';
import { UsageError } from '../usage-error.ts';
import { answerFinding, cacheFinding, keepAliveFinding, proxyFinding, redirectFindings } from './answer-findings.ts';
import { shownFinding, type Finding } from './finding.ts';
import { look, type Look } from './look.ts';
import { addressFinding, certificateFinding, nameFinding, protocolFinding, tlsFinding } from './network-findings.ts';

const PATIENCE = 30_000;

/** @returns 0, or the code of what failed on the way. */
export async function runDoctor(argv: readonly string[], io: Io): Promise<number> {
  const { values: given, words } = readWords(optionRows, argv, 'xhttp doctor');
  if (words.length !== 1) throw new UsageError('xhttp doctor URL, with the options of a request before or behind it');
  const settings = await readSettings(given, io);
  const { values } = settings;
  const options = { ...values, follow: values.follow ?? true, timeout: values.timeout ?? PATIENCE, 'ignore-stdin': true };
  const screen = openScreen(io, { ...options, print: '' });
  await using cache = new HttpCache();
  const opened = await openClient(await planOfItems(words, options, io), options, await openSession(options, io), io, { cache });
  try {
    return await examine(opened, settings, screen, () => openClientInsecurely(words, options, io));
  } finally {
    await opened.client.destroy();
  }
}

async function examine(opened: OpenedClient, settings: Settings, screen: Screen, insecurely: () => Promise<OpenedClient>): Promise<number> {
  const [text = ''] = opened.urls;
  const url = new URL(text);
  const { signal } = screen.io;
  const isSecure = url.protocol === 'https:';
  const tell = (finding: Finding | undefined): Promise<void> =>
    finding === undefined ? Promise.resolve() : screen.print(shownFinding(finding, screen.palette));
  const { proxy, decidedBy } = statedProxy(url, settings, screen.io);
  await tell({
    step: 'URL',
    health: 'good',
    found: `${url.origin}${url.pathname}`,
    decidedBy: settings.origins['base-url'] ?? settings.origins['default-scheme'],
  });

  const first = await look(opened.client, text, signal, 'default');
  await tell(proxyFinding(first, { proxy, decidedBy }));
  await tell(nameFinding(first, url.hostname, settings));
  await tell(addressFinding(first, settings));
  await tell(tlsFinding(first, isSecure, settings, trustOf(settings, screen.io)));
  const insecure = isSecure && exitCodeOf(first.error, signal) === 60 ? await lookInsecurely(insecurely, text, signal) : undefined;
  await tell(certificateFinding(first, insecure, Date.now()));
  await tell(protocolFinding(first, isSecure, settings));
  await tell(answerFinding(first));
  for (const finding of redirectFindings(first, settings)) await tell(finding);
  if (first.response !== undefined && first.error === undefined) {
    const second = first.isWhole ? await look(opened.client, text, signal, 'no-store') : undefined;
    const third = first.isWhole ? await look(opened.client, text, signal, 'default') : undefined;
    await tell(cacheFinding(first, third));
    await tell(keepAliveFinding(first, second));
  }
  return first.error === undefined ? 0 : exitCodeOf(first.error, signal);
}

type Words = Parameters<typeof planOfItems>[0];
type Options = Parameters<typeof planOfItems>[1];

async function openClientInsecurely(words: Words, options: Options, io: Io): Promise<OpenedClient> {
  const untrusting = { ...options, insecure: true, auth: undefined, netrc: undefined, cookie: undefined };
  return openClient(await planOfItems(words, untrusting, io), untrusting, undefined, io);
}

/** To see whom one would have to trust. Nothing is sent along that only the right one may know. */
async function lookInsecurely(open: () => Promise<OpenedClient>, url: string, signal: AbortSignal): Promise<Look> {
  const { client } = await open();
  try {
    return await look(client, new URL('/', url).href, signal, 'default');
  } finally {
    await client.destroy();
  }
}

function statedProxy(url: URL, { values, origins }: Settings, io: Io): { readonly proxy: string | undefined; readonly decidedBy: string } {
  if (values.proxy === false) return { proxy: undefined, decidedBy: origins.proxy ?? '--no-proxy' };
  if (values.proxy !== undefined) return { proxy: values.proxy.replace(/\/\/[^/@]*@/u, '//'), decidedBy: origins.proxy ?? '--proxy' };
  const { proxy, variable } = environmentProxy(url, io.env);
  return { proxy, decidedBy: variable ?? `no variable names one: ${url.protocol.slice(0, -1)}_proxy, all_proxy` };
}

function trustOf({ origins, values }: Settings, { env }: Io): string {
  if (values.cacert !== undefined) return `${origins.cacert ?? '--cacert'} ${values.cacert}`;
  const files = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'].filter((name) => (env[name] ?? '') !== '');
  return files.length === 0 ? "Node's authorities" : files.join(', ');
}
