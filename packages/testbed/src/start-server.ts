/** One door to all servers that speak correct HTTP. Those that do not are written with `startRawServer`. */
import { bytes } from './behaviours/bytes.ts';
import { chunking } from './behaviours/chunking.ts';
import { closing } from './behaviours/closing.ts';
import { digest } from './behaviours/digest.ts';
import { early } from './behaviours/early.ts';
import { echo } from './behaviours/echo.ts';
import { expectation } from './behaviours/expectation.ts';
import { informational } from './behaviours/informational.ts';
import { json } from './behaviours/json.ts';
import { login } from './behaviours/login.ts';
import { plain } from './behaviours/plain.ts';
import { redirect } from './behaviours/redirect.ts';
import { site } from './behaviours/site.ts';
import { slow } from './behaviours/slow.ts';
import { status } from './behaviours/status.ts';
import { upgrade } from './behaviours/upgrade.ts';
import { upload } from './behaviours/upload.ts';
import { startHttpServer, type Behaviour, type Handler, type ServerOptions } from './server/http-server.ts';
import type { LocalServer } from './server/local-server.ts';

const KINDS = {
  bytes,
  chunking,
  closing,
  digest,
  early,
  echo,
  expectation,
  informational,
  json,
  login,
  plain,
  redirect,
  site,
  slow,
  status,
  upgrade,
  upload,
};

type Kinds = typeof KINDS;

export type ServerKind = keyof Kinds;
/** The options of one kind, beside those that every server has. */
export type OptionsOf<Kind extends ServerKind> = NonNullable<Parameters<Kinds[Kind]>[0]> & ServerOptions;
/** What a server of one kind shows beside what every server has: gates, uploads seen, digests. */
export type ExtrasOf<Kind extends ServerKind> = ReturnType<Kinds[Kind]>['extras'];

/**
 * Starts a server of the named kind, or one with a handler of your own, on loopback at a port of the moment.
 *
 * @example
 * await using server = await startServer('plain', { tls: true, body: 'hi' });
 * const response = await client.get(server.url('/'), { tls: { ca: server.ca } });
 * expect(server.connections.accepted).toBe(1);
 */
export function startServer<Kind extends ServerKind>(kind: Kind, options?: OptionsOf<Kind>): Promise<LocalServer & ExtrasOf<Kind>>;
export function startServer(handler: Handler, options?: ServerOptions): Promise<LocalServer>;
export function startServer(kind: ServerKind | Handler, options: ServerOptions = {}): Promise<LocalServer> {
  if (typeof kind === 'function') return startHttpServer({ handle: kind, extras: {} }, options);
  const behave = KINDS[kind] as (options: object) => Behaviour;
  return startHttpServer(behave(options), options);
}
