/** The client of one run: the network that settings ask for, who we are, what the session knows, and who listens. */
import type { Client, ClientOptions, CookieJar, TraceObserver } from '@x/client';
import type { Io } from '../io.ts';
import { authOf, credentialsFor, type Credentials } from '../network/credentials.ts';
import { networkOptions } from '../network/client-options.ts';
import type { OptionValues } from '../options/table.ts';
import type { FieldPlan, RequestPlan } from '../plan/plan.ts';
import { saveSession, type Session } from '../sessions/session.ts';
import { UsageError } from '../usage-error.ts';
import { version } from '../version.ts';

export interface OpenedClient {
  readonly client: Client;
  /** With what the session adds. */
  readonly plan: RequestPlan;
  /** Absolute. */
  readonly urls: readonly string[];
  /** Keeps in the session what there is to keep. */
  save(): Promise<void>;
}

/** @throws {UsageError} */
export async function openClient(
  plan: RequestPlan,
  options: OptionValues,
  session: Session | undefined,
  io: Io,
  more: ClientOptions = {},
  given?: CookieJar,
): Promise<OpenedClient> {
  const { Client, CookieJar } = await import('@x/client');
  const baseUrl = options['base-url'] ?? session?.content.baseUrl;
  const urls = plan.urls.map((url) => absolute(url, baseUrl));
  const [first = ''] = urls;
  const origin = new URL(first).origin;
  const credentials = await credentialsFor(origin, options, session, io);
  const kept = session?.content.origin === origin ? (session.content.headers ?? []) : [];
  const jar = given ?? (session?.content.cookies === undefined ? new CookieJar() : CookieJar.fromJSON(session.content.cookies));
  addCookies(jar, options.cookie ?? [], first);
  const auth = await authOf(credentials, options);
  const client = new Client({
    headers: { 'user-agent': `xhttp/${version}` },
    cookies: jar,
    ...(await networkOptions(options, io)),
    ...more,
    ...(auth === undefined ? {} : { auth }),
  } as ClientOptions);
  const headers = [...kept.filter(([name]) => !plan.headers.some(([each]) => each.toLowerCase() === name.toLowerCase())), ...plan.headers];
  return { client, plan: { ...plan, headers }, urls, save: () => keep(session, { baseUrl, origin, credentials, headers, jar }) };
}

/** The observers of a call as one. */
export function eachOf(observers: readonly TraceObserver[]): TraceObserver {
  return (name, at, detail) => {
    for (const observe of observers) observe(name, at, detail);
  };
}

function absolute(url: string, baseUrl: string | undefined): string {
  try {
    if (baseUrl === undefined || /^[a-z][a-z0-9+.-]*:\/\//iu.test(url)) return new URL(url).href;
    // As the client joins them: what the base has as a path comes first.
    return new URL(url.replace(/^\/+/u, ''), baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`).href;
  } catch {
    throw new UsageError(
      `${JSON.stringify(url.replace(/\/\/[^/]*@/u, '//'))} is no URL${baseUrl === undefined ? '' : `, nor one relative to the base URL`}`,
    );
  }
}

function addCookies(jar: CookieJar, cookies: readonly string[], url: string): void {
  for (const cookie of cookies.flatMap((text) => text.split(';'))) {
    const text = cookie.trim();
    if (text === '') continue;
    if (!/^[^=]+=/u.test(text)) throw new UsageError('--cookie must be NAME=VALUE; several with ";" between them');
    jar.set(`${text}; Path=/`, url);
  }
}

interface Kept {
  readonly baseUrl: string | undefined;
  readonly origin: string;
  readonly credentials: Credentials | undefined;
  readonly headers: readonly FieldPlan[];
  readonly jar: CookieJar;
}

/** Fields that are about one body or one question are not for the next. */
async function keep(session: Session | undefined, { baseUrl, origin, credentials, headers, jar }: Kept): Promise<void> {
  if (session === undefined) return;
  const lasting = headers.filter(([name]) => !/^(?:content-|if-|range$|accept$|cookie$)/iu.test(name));
  await saveSession(session, { version: 1, baseUrl, origin, auth: credentials, headers: lasting, cookies: jar.serialize() });
}
