import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installedProgram } from './installed-program.ts';
import { startPeerProcess, temporaryFolder } from './peer-process.ts';
import { hostsFile, withFiles } from './private-files.ts';

export interface TinyproxyOptions {
  /** Wants this user and password, as Basic. Default none. */
  readonly user?: string;
  readonly password?: string;
  /** Names that only the proxy knows, with their addresses; takes a mount namespace. Default none. */
  readonly hosts?: Readonly<Record<string, string>>;
}

export interface TinyproxyProxy extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `http://127.0.0.1:49152`. */
  readonly url: string;
  /** The last 64 KiB of its log, which has every request line. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts tinyproxy in the foreground, in a temporary folder and at a port of the moment. It connects to loopback alone.
 *
 * @throws {Error} with its own words where it does not come up; see `installedProgram` for whether it is there at all.
 * @example
 * await using tinyproxy = await startTinyproxy({ user: 'ada', password: 'lovelace' });
 */
export async function startTinyproxy({ user, password, hosts = {} }: TinyproxyOptions = {}): Promise<TinyproxyProxy> {
  const program = installedProgram('tinyproxy');
  if (program === undefined) throw new Error('tinyproxy is not installed');
  const folder = await temporaryFolder('tinyproxy');
  try {
    const file = join(folder.path, 'tinyproxy.conf');
    const names = join(folder.path, 'hosts');
    await writeFile(names, hostsFile(hosts));
    const admitted = ['127.0.0.1', 'localhost', ...Object.keys(hosts)].map((name) => `^${name.replaceAll('.', '\\.')}$\n`);
    await writeFile(join(folder.path, 'admitted'), admitted.join(''));
    const tinyproxy = await startPeerProcess(async (port) => {
      const lines = [
        `Port ${port}`,
        'Listen 127.0.0.1',
        'Allow 127.0.0.1',
        'LogLevel Info',
        `Filter "${folder.path}/admitted"`,
        'FilterDefaultDeny Yes',
        ...(user === undefined ? [] : [`BasicAuth ${user} ${password ?? ''}`]),
      ];
      await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
      return {
        ...withFiles(program, ['-d', '-c', file], Object.keys(hosts).length === 0 ? {} : { '/etc/hosts': names }),
        ready: /Accepting connections/u,
        taken: /Address already in use|Could not create listening socket/iu,
      };
    });
    const stop = async (): Promise<void> => {
      await tinyproxy.stop();
      await folder.remove();
    };
    return {
      host: '127.0.0.1',
      port: tinyproxy.port,
      url: `http://127.0.0.1:${tinyproxy.port}`,
      log: tinyproxy.output,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
