/** nginx, set up to be no part of what is measured: one worker, no log, connections that never expire. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DOCUMENT, LARGE_BYTES, SMALL_BODY } from '../child/payload.ts';
import { plainEnvironment, startPinned, stopProcess } from '../run/processes.ts';
import type { RunningServer, ServerSetting } from './server.ts';

const NGINX = 'nginx';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface NginxSetting {
  readonly port: number;
  readonly directory: string;
  /** Paths of PEM files; null for plain HTTP. */
  readonly certificate: Certificate | null;
  readonly http2: boolean;
  /** A master that is root gives its worker away to a user who may not read the directory. */
  readonly root: boolean;
}

/** The configuration file. */
export function nginxConfiguration({ port, directory, certificate, http2, root }: NginxSetting): string {
  const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${directory}/${name};`);
  const tls =
    certificate === null
      ? []
      : [`    ssl_certificate ${certificate.cert};`, `    ssl_certificate_key ${certificate.key};`, '    ssl_protocols TLSv1.2 TLSv1.3;'];
  return [
    ...(root ? ['user root;'] : []),
    'worker_processes 1;',
    'daemon off;',
    `pid ${directory}/nginx.pid;`,
    `error_log ${directory}/error.log error;`,
    'events {',
    '  worker_connections 4096;',
    '}',
    'http {',
    '  access_log off;',
    '  sendfile on;',
    '  tcp_nopush on;',
    '  tcp_nodelay on;',
    '  keepalive_timeout 3600s;',
    '  keepalive_requests 1000000000;',
    '  default_type text/plain;',
    ...temporaryPaths,
    '  server {',
    `    listen 127.0.0.1:${port}${certificate === null ? '' : ' ssl'}${http2 ? ' http2' : ''} backlog=4096;`,
    '    server_name localhost;',
    ...tls,
    '    location = /small {',
    `      return 200 '${SMALL_BODY}';`,
    '    }',
    '    location = /cacheable {',
    '      add_header Cache-Control max-age=3600;',
    `      return 200 '${SMALL_BODY}';`,
    '    }',
    '    location = /small-then-close {',
    '      keepalive_timeout 0;',
    `      return 200 '${SMALL_BODY}';`,
    '    }',
    '    location = /json {',
    '      default_type application/json;',
    `      return 200 '${DOCUMENT}';`,
    '    }',
    '    location = /large {',
    `      alias ${directory}/large;`,
    '    }',
    '  }',
    '}',
    '',
  ].join('\n');
}

/** The version of the nginx that is installed, or null. */
export function installedNginx(): string | null {
  const { status, stderr } = spawnSync(NGINX, ['-v'], { encoding: 'utf8' });
  return status === 0 ? (/nginx\/(\S+)/u.exec(stderr)?.[1] ?? 'unknown') : null;
}

/** @throws {Error} with nginx's own words when it does not come up. */
export async function startNginx(
  version: string,
  setting: ServerSetting,
  certificate: Certificate | null,
): Promise<Pick<RunningServer, 'label' | 'port' | 'stop'>> {
  const { directory, http2 } = setting;
  const port = await freePort();
  const configuration = join(directory, 'nginx.conf');
  const root = process.getuid?.() === 0;
  await writeFile(configuration, nginxConfiguration({ port, directory, certificate, http2, root }));
  await writeSparseFile(join(directory, 'large'), LARGE_BYTES);

  const nginx = startPinned(setting.core, NGINX, ['-p', directory, '-c', configuration], {
    env: plainEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  nginx.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const failed = once(nginx, 'exit').then(([code]: unknown[]) => {
    throw new Error(`nginx ended with ${String(code)}: ${complaints.trim()}`);
  });
  const withdrawn = new AbortController();
  try {
    await Promise.race([listening(port, withdrawn.signal), failed]);
  } catch (error) {
    await stopProcess(nginx);
    throw error;
  } finally {
    withdrawn.abort();
    failed.catch(() => {});
  }
  return { label: `nginx ${version}`, port, stop: () => stopProcess(nginx) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** nginx has no way to say that it is ready: knock until it opens, for at most five seconds. */
async function listening(port: number, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await wait(20, undefined, { signal });
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nginx does not listen on port ${port}.`);
}

/** Zeros that take no space on the disk. */
async function writeSparseFile(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w');
  await file.truncate(bytes);
  await file.close();
}
