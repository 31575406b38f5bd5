/** The servers that scenarios name. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverCertificate, startRelay, type RelayOptions } from '@x/testbed';
import { plainEnvironment, startPinned, stopProcess } from '../run/processes.ts';
import { installedNginx, startNginx, type Certificate } from './nginx.ts';
import type { NodeServerSetting } from './node-server.ts';
import type { RunningServer, ServerSetting, StartServer } from './server.ts';

/** Small answers, JSON and a large file: nginx where it is installed, else Node's own server. */
export const startWebServer: StartServer = async (setting) => {
  const version = installedNginx();
  if (version === null) return startNodeServer(setting);
  const tls = await prepareTls(setting);
  const nginx = await startNginx(version, setting, tls?.certificate ?? null);
  return { ...nginx, host: '127.0.0.1', authority: tls?.authority ?? null, proxy: null };
};

/** Reads request bodies to their end and says how long they were. */
export const startUploadSink: StartServer = startNodeServer;

/** Milliseconds and bits per second, each way. */
export type LinkProperties = Required<Pick<RelayOptions, 'delay' | 'rate'>>;

/** A server at the other end of a long line. */
export function farAway(start: StartServer, line: LinkProperties): StartServer {
  return async (setting) => {
    const server = await start(setting);
    const relay = await startRelay({ to: server, ...line });
    return {
      ...server,
      port: relay.port,
      async stop() {
        await relay.close();
        await server.stop();
      },
    };
  };
}

/** Behind a proxy that makes tunnels; those without one go the same way, through the same process. */
export function throughTunnels(start: StartServer): StartServer {
  return async (setting) => {
    const server = await start(setting);
    const proxy = await startListening(setting, setting.connectProxy, [String(server.port)]).catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
    return {
      ...server,
      port: proxy.port,
      proxy: `http://127.0.0.1:${proxy.port}`,
      async stop() {
        await proxy.stop();
        await server.stop();
      },
    };
  };
}

async function startNodeServer(setting: ServerSetting): Promise<RunningServer> {
  const tls = await prepareTls(setting);
  const argument: NodeServerSetting = { certificate: tls?.certificate ?? null, http2: setting.http2 };
  const server = await startListening(setting, setting.nodeServer, [JSON.stringify(argument)]);
  return {
    ...server,
    label: `node:http${setting.http2 ? '2' : ''} on Node ${process.versions.node}`,
    host: '127.0.0.1',
    authority: tls?.authority ?? null,
    proxy: null,
  };
}

/** A script of ours that says on stdout where it listens. */
async function startListening(
  { core }: ServerSetting,
  script: string,
  args: readonly string[],
): Promise<Pick<RunningServer, 'port' | 'stop'>> {
  const server = startPinned(core, process.execPath, [script, ...args], { env: plainEnvironment(), stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdout } = server;
  if (stdout === null) throw new TypeError('The server was started without a pipe.');
  const port = await Promise.race([
    once(stdout, 'data').then(([chunk]: unknown[]) => Number(String(chunk))),
    once(server, 'exit').then(([code]: unknown[]) => {
      throw new Error(`The server ended with ${String(code)} before it listened.`);
    }),
  ]);
  return { port, stop: () => stopProcess(server) };
}

interface Tls {
  readonly certificate: Certificate;
  readonly authority: string;
}

/** Makes a certificate for this run and writes it where servers and contenders can read it. */
async function prepareTls({ secure, directory }: ServerSetting): Promise<Tls | null> {
  if (!secure) return null;
  const { cert, key, ca } = await serverCertificate();
  const paths = {
    cert: join(directory, 'server.pem'),
    key: join(directory, 'server-key.pem'),
    authority: join(directory, 'authority.pem'),
  };
  await writeFile(paths.cert, cert);
  await writeFile(paths.key, key, { mode: 0o600 });
  await writeFile(paths.authority, ca);
  return { certificate: paths, authority: paths.authority };
}

/** For scenarios whose server is in the measured process. */
export async function noServer(): Promise<RunningServer> {
  return { label: 'in memory', host: 'memory.test', port: 80, authority: null, proxy: null, stop: () => Promise.resolve() };
}
