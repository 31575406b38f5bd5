/** A command for curl becomes a plan, options and wishes; what its options mean is what curl means by them. */
import type { CurlWishes } from '../call/run-call.ts';
import type { Io } from '../io.ts';
import { readWords } from '../options/command-line.ts';
import type { OptionValues } from '../options/table.ts';
import { contentOf } from '../files/named-files.ts';
import { readHeader } from '../plan/of-items.ts';
import type { FieldPlan, RequestPlan } from '../plan/plan.ts';
import { UsageError } from '../usage-error.ts';
import { curlBody } from './curl-body.ts';
import { curlRows, refusals } from './curl-table.ts';
import { writeOut } from './write-out.ts';

export interface CurlCommand {
  readonly plan: RequestPlan;
  readonly options: OptionValues;
  readonly wishes: CurlWishes;
  /** Bodies go into files, several at once. */
  readonly isDownload: boolean;
  /** Of `-c`: where cookies are written to. */
  readonly cookieFile: { readonly from: string | undefined; readonly to: string | undefined };
}

type Given = ReadonlyMap<string, readonly string[]>;

/** @throws {UsageError} an option is not understood, with what to do instead. */
export async function readCurl(argv: readonly string[], io: Io): Promise<CurlCommand> {
  const words = argv[0] === 'curl' ? argv.slice(1) : argv;
  const read = readKnown(words);
  const given = grouped(read.given);
  const text = (name: string): string | undefined => given.get(name)?.at(-1);
  const has = (name: string): boolean => given.has(name);
  const urls = [...(given.get('url') ?? []), ...read.words];
  if (urls.length === 0) throw new UsageError('curl needs a URL');
  const data = await curlBody(read.given, io);
  const query = [...(given.get('url-query') ?? []), ...(has('get') ? data.texts : [])].join('&');
  const body = has('get') || has('head') ? { kind: 'none' as const } : await uploadOr(data.body, text('upload-file'));
  const method = text('request') ?? (has('head') ? 'HEAD' : has('upload-file') ? 'PUT' : body.kind === 'none' ? 'GET' : 'POST');
  const plan: RequestPlan = {
    method,
    urls: urls.map((url) => withQuery(completed(uploadUrl(url, text('upload-file'))), query)),
    headers: await headersOf(given, io),
    params: [],
    body,
  };
  const isDownload = (has('remote-name') || has('remote-name-all') || has('continue-at')) && !has('head');
  return { plan, options: optionsOf(given, isDownload, io), wishes: wishesOf(given), isDownload, cookieFile: cookieFiles(given) };
}

function readKnown(words: readonly string[]): ReturnType<typeof readWords> {
  for (const word of words) {
    const name = word.replace(/^--?/u, '');
    if (word.startsWith('-') && Object.hasOwn(refusals, name)) throw new UsageError(`curl's ${word}: ${refusals[name]}`);
  }
  try {
    return readWords(curlRows, words, 'curl');
  } catch (error) {
    if (!(error instanceof UsageError) || !error.message.startsWith('Unknown option')) throw error;
    throw new UsageError(
      `${error.message}: it is not among those of curl that are understood here; "xhttp man" and apps/docs/cli.md list them`,
      { cause: error },
    );
  }
}

function grouped(given: ReturnType<typeof readWords>['given']): Given {
  const map = new Map<string, string[]>();
  for (const [name, value] of given)
    map.set(name, [...(map.get(name) ?? []), ...(Array.isArray(value) ? (value as string[]) : [String(value)])]);
  return map;
}

/** curl takes http for what names no scheme. */
function completed(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//iu.test(url) ? url : `http://${url}`;
}

function uploadUrl(url: string, file: string | undefined): string {
  return file !== undefined && file !== '-' && url.endsWith('/') ? url + encodeURIComponent(file.split(/[/\\]/u).at(-1) ?? '') : url;
}

function withQuery(url: string, query: string): string {
  if (query === '') return url;
  const [, before = '', fragment = ''] = /^([^#]*)(.*)$/su.exec(url) ?? [];
  return `${before}${before.includes('?') ? '&' : '?'}${query}${fragment}`;
}

async function uploadOr(body: RequestPlan['body'], file: string | undefined): Promise<RequestPlan['body']> {
  if (file === undefined) return body;
  return file === '-' || file === '.' ? { kind: 'stdin', type: undefined } : { kind: 'file', path: file, type: undefined };
}

async function headersOf(given: Given, io: Io): Promise<FieldPlan[]> {
  const last = (name: string): string | undefined => given.get(name)?.at(-1);
  const own: FieldPlan[] = [];
  for (const text of given.get('header') ?? []) {
    if (!text.startsWith('@')) own.push(readHeader(text));
    else
      own.push(
        ...new TextDecoder()
          .decode(await contentOf(text.slice(1), io))
          .split(/\r?\n/u)
          .filter((line) => line.trim() !== '')
          .map(readHeader),
      );
  }
  const has = (name: string): boolean => own.some(([each]) => each.toLowerCase() === name);
  const add = (name: string, value: string | null | undefined): void => {
    if (value !== undefined && !has(name)) own.push([name, value]);
  };
  const cookies = (given.get('cookie') ?? []).filter((text) => text.includes('='));
  add('user-agent', last('user-agent') === '' ? null : last('user-agent'));
  add('referer', last('referer')?.replace(/;auto$/u, ''));
  add('range', last('range') === undefined ? undefined : `bytes=${last('range')}`);
  if (cookies.length > 0) add('cookie', cookies.join('; '));
  if (given.has('json')) {
    add('content-type', 'application/json');
    add('accept', 'application/json');
  }
  if (!given.has('compressed')) add('accept-encoding', null);
  return own;
}

function optionsOf(given: Given, isDownload: boolean, io: Io): OptionValues {
  const text = (name: string): string | undefined => given.get(name)?.at(-1);
  const has = (name: string): boolean => given.has(name);
  const number = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (!/^\d+(?:\.\d+)?$/u.test(value)) throw new UsageError(`--${name} must be a number, not ${JSON.stringify(value)}`);
    return Number(value);
  };
  const seconds = (name: string): number | undefined => (number(name) === undefined ? undefined : (number(name) ?? 0) * 1_000);
  const credentials = text('oauth2-bearer') ?? text('user');
  const redirects = text('max-redirs');
  const options: { -readonly [Name in keyof OptionValues]: OptionValues[Name] } = {
    print: has('head') || has('include') ? 'hb' : 'b',
    'show-secrets': has('head') || has('include'),
    verbose: has('verbose'),
    follow: has('location'),
    'max-redirects': redirects === '-1' ? 1_000 : (number('max-redirs') ?? 50),
    insecure: has('insecure'),
    netrc: has('netrc'),
    auth:
      credentials === undefined || credentials.includes(':') || has('oauth2-bearer') || io.askSecret !== undefined
        ? credentials
        : `${credentials}:`,
    'auth-type': has('oauth2-bearer') ? 'bearer' : has('digest') || has('anyauth') ? 'digest' : 'basic',
    proxy: proxyOf(given),
    http: has('http2-prior-knowledge') ? '2-prior' : has('http1.1') ? '1.1' : undefined,
    resolve: given.get('resolve'),
    'connect-to': given.get('connect-to'),
    ipv4: has('ipv4') || undefined,
    ipv6: has('ipv6') || undefined,
    interface: text('interface'),
    'unix-socket': text('unix-socket'),
    cacert: text('cacert'),
    cert: text('cert')?.replace(/:[^/\\]*$/u, (end) => (text('cert')?.startsWith('/') === true ? '' : end)),
    key: text('key'),
    'tls-min': has('tlsv1.3') ? '1.3' : undefined,
    timeout: seconds('max-time'),
    'connect-timeout': seconds('connect-timeout'),
    'max-bytes': number('max-filesize'),
    retries: number('retry'),
    'output-dir': text('output-dir'),
    output: given.get('output'),
    progress: has('silent') || has('no-progress-meter') ? false : undefined,
    resume: has('continue-at') || undefined,
    overwrite: true,
    parallel: has('parallel') ? undefined : 1,
    download: isDownload || undefined,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as OptionValues;
}

function proxyOf(given: Given): string | false | undefined {
  const last = (name: string): string | undefined => given.get(name)?.at(-1);
  if (last('noproxy') === '*') return false;
  const schemes = { socks4: 'socks4', socks4a: 'socks4a', socks5: 'socks5', 'socks5-hostname': 'socks5h' } as const;
  const [name, scheme] = Object.entries(schemes).find(([each]) => given.has(each)) ?? ['proxy', 'http'];
  const proxy = last(name);
  if (proxy === undefined) return undefined;
  if (proxy === '') return false;
  const url = /^[a-z0-9]+:\/\//iu.test(proxy) ? proxy : `${scheme}://${proxy}`;
  const user = last('proxy-user');
  return user === undefined ? url : url.replace('://', `://${user.split(':').map(encodeURIComponent).join(':')}@`);
}

function wishesOf(given: Given): CurlWishes {
  const format = given.get('write-out')?.at(-1);
  return {
    fails: given.has('fail-with-body') ? 'with-body' : given.has('fail') ? 'without-body' : undefined,
    after: format === undefined ? undefined : (response, received) => writeOut(format, response, received),
    headFile: given.get('dump-header')?.at(-1),
    isSilent: given.has('silent') && !given.has('show-error'),
  };
}

function cookieFiles(given: Given): CurlCommand['cookieFile'] {
  return { from: (given.get('cookie') ?? []).findLast((text) => !text.includes('=') && text !== ''), to: given.get('cookie-jar')?.at(-1) };
}
