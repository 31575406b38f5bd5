/** The options of the client that settings ask for. */
import { readFile } from 'node:fs/promises';
import type { ClientOptions, TimeoutOptions, TlsOptions } from '@x/client';
import type { Io } from '../io.ts';
import type { OptionValues } from '../options/table.ts';
import { pathOf, unreadable } from '../files/named-files.ts';
import { fixedNames, localAddressOf } from './names.ts';

/** Of everything but credentials, cookies and who listens, which are of a call. @throws {UsageError} */
export async function networkOptions(options: OptionValues, io: Io): Promise<ClientOptions> {
  const resolve = fixedNames(options);
  const localAddress = localAddressOf(options);
  const tls = await tlsOptions(options, io);
  const guard = options['public-only'] === true ? (await import('@x/httpcore/guard')).publicOnly() : undefined;
  return {
    trustEnv: options.proxy === undefined,
    ...(options.proxy === undefined ? {} : { proxy: options.proxy === false ? null : options.proxy }),
    ...(options.http === undefined ? {} : { http2: options.http === '2-prior' ? 'prior-knowledge' : options.http === '2' }),
    ...(resolve === undefined ? {} : { resolve }),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(options['unix-socket'] === undefined ? {} : { socketPath: pathOf(options['unix-socket'], io) }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
    ...(guard === undefined ? {} : { guard }),
    ...(options['base-url'] === undefined ? {} : { baseUrl: options['base-url'] }),
    timeout: timeouts(options),
    retries: options.retries ?? 0,
    followRedirects: options.follow === true,
    maxRedirects: options['max-redirects'] ?? 10,
    ...(options['max-bytes'] === undefined ? {} : { maxResponseBytes: options['max-bytes'] }),
  };
}

/** Nobody waits for a program in a terminal but who sits there, and can end it: silence is no failure unless a limit is stated. */
function timeouts(options: OptionValues): TimeoutOptions {
  const { timeout, 'connect-timeout': connect } = options;
  const total = timeout === undefined || timeout === 0 ? null : timeout;
  return { read: null, write: null, total, ...(connect === undefined ? {} : { connect: connect === 0 ? null : connect }) };
}

async function tlsOptions(options: OptionValues, io: Io): Promise<TlsOptions> {
  const { insecure, cacert, cert, key, 'tls-min': least } = options;
  const [ca, own, privateKey] = await Promise.all(
    [cacert, cert, key ?? cert].map(async (path) => (path === undefined ? undefined : pemOf(path, io))),
  );
  return {
    ...(insecure === true ? { rejectUnauthorized: false } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(own === undefined ? {} : { cert: own }),
    ...(privateKey === undefined ? {} : { key: privateKey }),
    ...(least === undefined ? {} : { minVersion: `TLSv${least}` as const }),
  };
}

async function pemOf(path: string, io: Io): Promise<string> {
  try {
    return await readFile(pathOf(path, io), 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}
