import { createHash } from 'node:crypto';
import { chown, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverCertificate } from '../certificates/certificates.ts';
import { findHelper, installedProgram } from './installed-program.ts';
import { startPeerProcess, temporaryFolder } from './peer-process.ts';
import { hostsFile } from './private-files.ts';

export interface SquidOptions {
  /** Default none: admits everybody on loopback. Its Digest is MD5 with `qop="auth"`. */
  readonly auth?: 'basic' | 'digest';
  /** How many requests a nonce of Digest is good for. Default squid's own: 50. */
  readonly nonceUses?: number;
  /** Default `ada`. */
  readonly user?: string;
  /** Default `lovelace`. */
  readonly password?: string;
  /** The proxy itself is reached over TLS. Default false. */
  readonly tls?: boolean;
  /** Names that only the proxy knows, with their addresses. Default none. */
  readonly hosts?: Readonly<Record<string, string>>;
}

export interface SquidProxy extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `http://127.0.0.1:49152`, or `https`. */
  readonly url: string;
  /** What a client has to trust, in PEM; `undefined` without TLS. */
  readonly ca: string | undefined;
  /** The last 64 KiB of what it wrote. */
  log(): string;
  /** Ends it, then gives the lines of its access log: method, target, status, user (`-` for none). Takes a second. Idempotent. */
  stop(): Promise<readonly string[]>;
}

const REALM = 'testbed';
/** What distributions call the user that squid has to become. */
const USERS: readonly string[] = ['proxy', 'squid'];
const HELPER_FOLDERS: readonly string[] = ['/usr/lib/squid', '/usr/lib64/squid', '/usr/libexec/squid'];

/**
 * Starts squid in the foreground, in a temporary folder and at a port of the moment. It caches nothing and connects to loopback alone.
 *
 * @throws {Error} with squid's own words where it does not come up, or where a helper for `auth` is missing; see `installedProgram`
 *   for whether squid is there at all.
 * @example
 * await using squid = await startSquid({ auth: 'digest', hosts: { 'origin.test': '127.0.0.1' } });
 */
export async function startSquid(options: SquidOptions = {}): Promise<SquidProxy> {
  const program = installedProgram('squid');
  if (program === undefined) throw new Error('squid is not installed');
  const authentication = authenticationOf(options);
  const owner = await squidOwner();
  const folder = await temporaryFolder('squid');
  try {
    const write = async (name: string, content: string): Promise<void> => {
      await writeFile(join(folder.path, name), content, { mode: 0o600 });
      if (owner !== undefined) await chown(join(folder.path, name), owner.uid, owner.gid);
    };
    if (owner !== undefined) await chown(folder.path, owner.uid, owner.gid);
    const { cert, key, ca } = await serverCertificate();
    await write('server.pem', cert);
    await write('server-key.pem', key);
    await write('hosts', hostsFile(options.hosts ?? {}));
    await write('users', authentication.users);
    const squid = await startPeerProcess(async (port) => {
      await write('squid.conf', configuration(options.tls === true, folder.path, port, authentication.lines(join(folder.path, 'users'))));
      return {
        program,
        // Names of shared memory are made of the service's.
        args: ['-N', '-d', '1', '-n', `testbed${port}`, '-f', join(folder.path, 'squid.conf')],
        ready: /Accepting HTTPS? Socket connections/iu,
        taken: /Address already in use|Cannot bind|Unable to open HTTP/iu,
        opensLate: true,
        ...(owner === undefined ? {} : { owner }),
      };
    });
    let lines: Promise<readonly string[]> | undefined;
    const finish = async (): Promise<readonly string[]> => {
      await squid.stop();
      const log = await readFile(join(folder.path, 'access.log'), 'utf8');
      await folder.remove();
      // A connection on which nothing was asked has a line as well: that of the knock at its door, for one.
      return log
        .split('\n')
        .slice(0, -1)
        .filter((line) => !line.startsWith('- '));
    };
    const stop = (): Promise<readonly string[]> => (lines ??= finish());
    return {
      host: '127.0.0.1',
      port: squid.port,
      url: `http${options.tls === true ? 's' : ''}://127.0.0.1:${squid.port}`,
      ca: options.tls === true ? ca : undefined,
      log: squid.output,
      stop,
      async [Symbol.asyncDispose]() {
        await stop();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

interface Authentication {
  readonly users: string;
  readonly lines: (file: string) => readonly string[];
}

function authenticationOf({ auth, user = 'ada', password = 'lovelace', nonceUses }: SquidOptions): Authentication {
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  if (auth === undefined) return { users: '', lines: () => ['http_access allow local'] };
  const [helper, users] =
    auth === 'basic'
      ? [findHelper('basic_ncsa_auth', HELPER_FOLDERS), `${user}:${md5(password)}\n`]
      : [`${findHelper('digest_file_auth', HELPER_FOLDERS)} -c`, `${user}:${REALM}:${md5(`${user}:${REALM}:${password}`)}\n`];
  return {
    users,
    lines: (file) => [
      `auth_param ${auth} program ${helper} ${file}`,
      `auth_param ${auth} children 1 startup=1 idle=1`,
      `auth_param ${auth} realm ${REALM}`,
      ...(nonceUses === undefined ? [] : [`auth_param digest nonce_max_count ${nonceUses}`]),
      'acl known proxy_auth REQUIRED',
      'http_access deny !local',
      'http_access allow known',
    ],
  };
}

function configuration(tls: boolean, folder: string, port: number, access: readonly string[]): string {
  const certificate = `tls-cert=${folder}/server.pem tls-key=${folder}/server-key.pem`;
  return [
    tls ? `https_port 127.0.0.1:${port} ${certificate}` : `http_port 127.0.0.1:${port}`,
    'visible_hostname testbed',
    'pid_filename none',
    'cache_log /dev/null',
    'cache deny all',
    'cache_mem 0',
    `coredump_dir ${folder}`,
    'logformat testbed %rm %ru %>Hs %[un',
    `access_log stdio:${folder}/access.log testbed`,
    'shutdown_lifetime 0 seconds',
    'pinger_enable off',
    `hosts_file ${folder}/hosts`,
    // Nobody answers there: what the file does not have does not exist.
    'dns_nameservers 127.0.0.1',
    'dns_retransmit_interval 1 second',
    'dns_timeout 1 second',
    'acl local src 127.0.0.1/32',
    'http_access deny !to_localhost',
    ...access,
    'http_access deny all',
    '',
  ].join('\n');
}

/** A squid that root starts gives itself away, and forgets then with whom it should end: better it is never root. */
async function squidOwner(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [name = '', , uid, gid] = line.split(':');
    if (USERS.includes(name)) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`squid does not run as root, and there is none of its users: ${USERS.join(', ')}`);
}
