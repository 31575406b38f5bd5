import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverCertificate } from '../certificates/certificates.ts';
import { installedProgram } from './installed-program.ts';
import { startPeerProcess, temporaryFolder } from './peer-process.ts';

export interface NginxOptions {
  /** Default false. */
  readonly tls?: boolean;
  /** Offers HTTP/2: by ALPN over TLS; without TLS it then speaks nothing else. Default false. */
  readonly http2?: boolean;
  /** Directives of the `server` block, such as `location / { return 200 "hi"; }`. */
  readonly server: string;
  /** Directives of the `http` block. Default none. */
  readonly http?: string;
  /** Files below `root`, by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** `log_format` of the lines that `stop` gives, such as `$request_uri $connection`. Default: no log. */
  readonly accessLog?: string;
}

export interface NginxServer extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly origin: string;
  /** What a client has to trust, in PEM; `undefined` without TLS. */
  readonly ca: string | undefined;
  url(path: string): string;
  /** Lets it finish what it does, then gives the lines of its access log. Idempotent. */
  stop(): Promise<readonly string[]>;
}

/**
 * Starts nginx with one worker, in the foreground, in a temporary folder and at a port of the moment.
 *
 * @throws {Error} with nginx's own words where it does not come up; see `installedProgram` for whether it is there at all.
 * @example
 * await using nginx = await startNginx({ tls: true, http2: true, server: 'location / { return 200 "hi"; }' });
 */
export async function startNginx(options: NginxOptions): Promise<NginxServer> {
  const program = installedProgram('nginx');
  if (program === undefined) throw new Error('nginx is not installed');
  const folder = await temporaryFolder('nginx');
  try {
    const certificate = options.tls === true ? await writeCertificate(folder.path) : undefined;
    const root = join(folder.path, 'root');
    await mkdir(root);
    for (const [name, content] of Object.entries(options.files ?? {})) await writeFile(join(root, name), content);
    const file = join(folder.path, 'nginx.conf');
    const nginx = await startPeerProcess(async (port) => {
      await writeFile(file, configuration(options, folder.path, port));
      return { program, args: ['-p', folder.path, '-c', file], ready: /start worker process \d+/u, taken: /Address already in use/u };
    });
    let log: Promise<readonly string[]> | undefined;
    const finish = async (): Promise<readonly string[]> => {
      // Graceful: the lines of what has just been answered are still to be written.
      await nginx.stop('SIGQUIT');
      const lines = options.accessLog === undefined ? '' : await readFile(join(folder.path, 'access.log'), 'utf8');
      await folder.remove();
      return lines.split('\n').slice(0, -1);
    };
    const stop = (): Promise<readonly string[]> => (log ??= finish());
    const origin = `http${options.tls === true ? 's' : ''}://127.0.0.1:${nginx.port}`;
    return {
      host: '127.0.0.1',
      port: nginx.port,
      origin,
      ca: certificate,
      url: (path) => origin + path,
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

async function writeCertificate(folder: string): Promise<string> {
  const { cert, key, ca } = await serverCertificate();
  await writeFile(join(folder, 'server.pem'), cert);
  await writeFile(join(folder, 'server-key.pem'), key, { mode: 0o600 });
  return ca;
}

function configuration({ tls = false, http2 = false, server, http = '', accessLog }: NginxOptions, folder: string, port: number): string {
  const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`);
  return [
    // A master that is root gives its worker away to a user who may not read the folder.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'worker_processes 1;',
    'daemon off;',
    `pid ${folder}/nginx.pid;`,
    'error_log stderr notice;',
    // Whoever stops a test run does not want to wait for what it has left open.
    'worker_shutdown_timeout 2s;',
    'events { worker_connections 1024; }',
    'http {',
    ...(accessLog === undefined
      ? ['  access_log off;']
      : [`  log_format testbed '${accessLog}';`, `  access_log ${folder}/access.log testbed;`]),
    '  default_type text/plain;',
    ...temporaryPaths,
    http,
    '  server {',
    `    listen 127.0.0.1:${port}${tls ? ' ssl' : ''}${http2 ? ' http2' : ''};`,
    `    root ${folder}/root;`,
    ...(tls
      ? [
          `    ssl_certificate ${folder}/server.pem;`,
          `    ssl_certificate_key ${folder}/server-key.pem;`,
          '    ssl_protocols TLSv1.2 TLSv1.3;',
        ]
      : []),
    server,
    '  }',
    '}',
    '',
  ].join('\n');
}
