import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findProgram, installedProgram } from './installed-program.ts';
import { startPeerProcess, temporaryFolder } from './peer-process.ts';
import { hostsFile, withFiles } from './private-files.ts';

export interface DanteOptions {
  /** Wants this user and password, and refuses SOCKS4 then; takes a mount namespace. Default none. */
  readonly user?: string;
  readonly password?: string;
  /** Names that only the proxy knows, with their addresses; takes a mount namespace. Default none. */
  readonly hosts?: Readonly<Record<string, string>>;
}

export interface DanteProxy extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `socks5h://127.0.0.1:49152`. */
  url(scheme?: 'socks4' | 'socks5' | 'socks5h'): string;
  /** The last 64 KiB of its log, which has every connection. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts danted, a server of SOCKS4 (not 4a) and 5, in the foreground, in a temporary folder and at a port of the moment. It connects to
 * loopback alone. It knows no users but the system's: with `user` it is shown a system that has one more.
 *
 * @throws {Error} with its own words where it does not come up, or may not be shown what it should see; see `installedProgram` for whether
 *   it is there at all.
 * @example
 * await using dante = await startDante({ user: 'ada', password: 'lovelace' });
 */
export async function startDante({ user, password = '', hosts = {} }: DanteOptions = {}): Promise<DanteProxy> {
  const program = installedProgram('danted');
  if (program === undefined) throw new Error('danted is not installed');
  const folder = await temporaryFolder('dante');
  try {
    const file = join(folder.path, 'danted.conf');
    const files: Record<string, string> = {};
    const replace = async (place: string, name: string, content: string): Promise<void> => {
      files[place] = join(folder.path, name);
      await writeFile(files[place], content);
    };
    if (Object.keys(hosts).length > 0) await replace('/etc/hosts', 'hosts', hostsFile(hosts));
    if (user !== undefined) {
      const passwd = await readFile('/etc/passwd', 'utf8');
      await replace('/etc/passwd', 'passwd', `${passwd}${user}:x:64999:64999::/nonexistent:/usr/sbin/nologin\n`);
      await replace('/etc/shadow', 'shadow', `${user}:${crypted(password)}:19000:0:99999:7:::\n`);
    }
    // In a user namespace everybody is root.
    const self = Object.keys(files).length > 0 ? 'root' : userInfo().username;
    const dante = await startPeerProcess(async (port) => {
      await writeFile(file, configuration(port, self, user !== undefined));
      return {
        ...withFiles(program, ['-f', file, '-p', join(folder.path, 'pid')], files),
        ready: /Dante\/server.* running/u,
        taken: /Address already in use/u,
      };
    });
    const stop = async (): Promise<void> => {
      await dante.stop();
      await folder.remove();
    };
    return {
      host: '127.0.0.1',
      port: dante.port,
      url: (scheme = 'socks5h') => `${scheme}://127.0.0.1:${dante.port}`,
      log: dante.output,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function configuration(port: number, self: string, wantsUser: boolean): string {
  return `
logoutput: stderr
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: ${wantsUser ? 'username' : 'none'}
user.privileged: ${self}
user.unprivileged: ${self}
client pass {
  from: 127.0.0.0/8 to: 127.0.0.0/8
}
socks pass {
  from: 127.0.0.0/8 to: 127.0.0.0/8
  protocol: tcp
  command: connect
  proxyprotocol: socks_v4 socks_v5
  log: connect disconnect error
}
`;
}

/** crypt(3), which Node does not have and every Debian's perl does. */
function crypted(password: string): string {
  const perl = findProgram('perl');
  if (perl === undefined) throw new Error('dante with a user needs perl, for crypt(3)');
  return execFileSync(perl, ['-e', 'print crypt(<STDIN>, q($6$testbed$))'], { input: password, encoding: 'utf8' });
}
