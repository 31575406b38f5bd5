import { readFileSync, statSync } from 'node:fs';

import { LocalProtocolError } from '../contract/errors.ts';
import type { TlsOptions, TlsSource } from '../contract/tls-options.ts';
import { isStoreName } from '../model/pem.ts';
import { systemClock } from '../time/clock.ts';

type Path = string | URL;

/** Where the parts of TLS options are, as paths. */
export interface TlsFiles {
  /** Certificates of authorities, or words for stores, as of `tls.ca`. */
  readonly ca?: Path | readonly Path[] | undefined;
  readonly cert?: Path | undefined;
  readonly key?: Path | undefined;
  readonly pfx?: Path | undefined;
  readonly crl?: Path | readonly Path[] | undefined;
  /** Milliseconds between two looks at the files. Default 1,000. */
  readonly every?: number | undefined;
}

const fileNames = ['ca', 'cert', 'key', 'pfx', 'crl'] as const;

/**
 * TLS options from files that are renewed while the program runs, for the option `tls` of a pool or client: by certbot, cert-manager, SPIFFE, a Kubernetes
 * secret. Files are looked at when there are requests, at most once in `every` milliseconds; no watcher and no timer is kept. When one has changed, new
 * connections have the new options, and the old ones end with what runs on them. While they can't be used (half of a pair is new), those before hold.
 *
 * @param rest All other options of TLS.
 * @throws {LocalProtocolError} `INVALID_OPTION`, when it is first asked: a file can't be read.
 * @example
 * const client = new Client({ tls: tlsFiles({ cert: '/run/tls/tls.crt', key: '/run/tls/tls.key', ca: ['default', '/run/tls/ca.crt'] }) });
 */
export function tlsFiles(given: TlsFiles, rest: Omit<TlsOptions, (typeof fileNames)[number]> = {}): TlsSource {
  // Nothing on Object.prototype can bring an authority.
  const files: TlsFiles = Object.assign(Object.create(null) as TlsFiles, given);
  const { every = 1_000 } = files;
  if (typeof every !== 'number' || !(every >= 0)) throw invalid('every', 'must be a number of milliseconds, 0 or more');
  for (const name of Object.keys(files)) {
    if (name !== 'every' && !(fileNames as readonly string[]).includes(name))
      throw invalid(name, `is not one of ${fileNames.join(', ')}, every`);
  }
  const paths = fileNames.flatMap((name) => listOf(files[name]));
  let looked = -Infinity;
  let seen: string | undefined;
  let options: TlsOptions | undefined;
  return () => {
    const now = systemClock.now();
    if (options !== undefined && now - looked < every) return options;
    looked = now;
    const state = paths.map(stateOf).join();
    if (options === undefined || state !== seen) {
      options = { ...rest, ...read(files) };
      // Noted when all of it was read: what failed is read again.
      seen = state;
    }
    return options;
  };
}

function read(files: TlsFiles): TlsOptions {
  const own: Record<string, unknown> = {};
  for (const name of fileNames) {
    const given = files[name];
    if (given === undefined) continue;
    const contents = listOf(given).map((path) => (name === 'ca' && isStoreName(path) ? path : readAs(name, path)));
    own[name] = Array.isArray(given) ? contents : contents[0];
  }
  return own;
}

function listOf(given: TlsFiles['ca']): readonly Path[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? (given as readonly Path[]) : [given as Path];
}

function readAs(name: string, path: Path): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw invalid(name, `can not be read: ${(cause as Error).message}`, cause);
  }
}

/** Changes with the file, and with what a link leads to. */
function stateOf(path: Path): string {
  if (isStoreName(path)) return path;
  try {
    const { mtimeMs, size, ino, dev } = statSync(path);
    return `${dev} ${ino} ${size} ${mtimeMs}`;
  } catch {
    // To read it will tell.
    return 'none';
  }
}

function invalid(name: string, problem: string, cause?: unknown): LocalProtocolError {
  return new LocalProtocolError(`tlsFiles(): ${name} ${problem}`, { code: 'INVALID_OPTION', phase: 'tls', cause });
}
