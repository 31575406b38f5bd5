import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverCertificate } from '../certificates/certificates.ts';
import { installedProgram } from './installed-program.ts';
import { startPeerProcess, temporaryFolder } from './peer-process.ts';

export interface NghttpdOptions {
  /** Default false: cleartext by prior knowledge. */
  readonly tls?: boolean;
  /** Files that it serves, by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Further options of its command line, such as `--trailer=x-sum: 1`. */
  readonly options?: readonly string[];
}

export interface NghttpdServer extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly origin: string;
  /** What a client has to trust, in PEM; `undefined` without TLS. */
  readonly ca: string | undefined;
  url(path: string): string;
  /** The last 64 KiB of its log, which has every frame. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts nghttpd, the server of nghttp2, in a temporary folder and at a port of the moment.
 *
 * @throws {Error} with its own words where it does not come up; see `installedProgram` for whether it is there at all.
 * @example
 * await using nghttpd = await startNghttpd({ tls: true, files: { 'index.html': 'hi' } });
 */
export async function startNghttpd({ tls = false, files = {}, options = [] }: NghttpdOptions = {}): Promise<NghttpdServer> {
  const program = installedProgram('nghttpd');
  if (program === undefined) throw new Error('nghttpd is not installed');
  const folder = await temporaryFolder('nghttpd');
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder.path, name), content);
    const { cert, key, ca } = await serverCertificate();
    const certificate = join(folder.path, 'server.pem');
    const privateKey = join(folder.path, 'server-key.pem');
    await writeFile(certificate, cert);
    await writeFile(privateKey, key, { mode: 0o600 });
    const nghttpd = await startPeerProcess((port) => ({
      program,
      args: [
        // Only then does it say that it listens.
        '--verbose',
        '--address=127.0.0.1',
        `--htdocs=${folder.path}`,
        ...options,
        ...(tls ? [String(port), privateKey, certificate] : ['--no-tls', String(port)]),
      ],
      ready: new RegExp(`listen 127\\.0\\.0\\.1:${port}`, 'u'),
      taken: /Address already in use|Could not listen/u,
    }));
    const origin = `http${tls ? 's' : ''}://127.0.0.1:${nghttpd.port}`;
    const stop = async (): Promise<void> => {
      await nghttpd.stop();
      await folder.remove();
    };
    return {
      host: '127.0.0.1',
      port: nghttpd.port,
      origin,
      ca: tls ? ca : undefined,
      url: (path) => origin + path,
      log: nghttpd.output,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
