import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { installedProgram } from './installed-program.ts';
import { startPeerProcess, temporaryFolder } from './peer-process.ts';

export interface HaproxyOptions {
  /** The server behind it. */
  readonly to: { readonly host: string; readonly port: number };
  /** HTTP/2 by prior knowledge, and nothing else. Default false. */
  readonly http2?: boolean;
  /** What runs so many milliseconds after a worker was told to end is cut off. Default: as long as it takes. */
  readonly hardStopAfter?: number | undefined;
}

export interface Haproxy extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  /** A new worker takes the port over; the one before takes no more connections, and says so on those that it has: GOAWAY, `Connection: close`. */
  reload(): Promise<void>;
  /** Resolves when every worker that was replaced has ended. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const loaded = /Loading success/u;
/** Milliseconds that it may take to say what is waited for. */
const patience = 30_000;

/**
 * Starts HAProxy in front of a server, in the foreground and in a temporary folder.
 *
 * @throws {Error} with its own words where it does not come up; see `installedProgram` for whether it is there at all.
 * @example
 * await using haproxy = await startHaproxy({ to: server, http2: true });
 * await haproxy.reload();
 */
export async function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  const program = installedProgram('haproxy');
  if (program === undefined) throw new Error('haproxy is not installed');
  const folder = await temporaryFolder('haproxy');
  const file = join(folder.path, 'haproxy.cfg');
  try {
    const haproxy = await startPeerProcess(async (port) => {
      await writeFile(file, configuration(options, port));
      return { program, args: ['-W', '-db', '-f', file], ready: loaded, taken: /cannot bind socket/u };
    });
    /** Its master tells what becomes of its workers. */
    const said = async (pattern: RegExp, times: number): Promise<void> => {
      const givesUp = performance.now() + patience;
      while (Array.from(haproxy.output().matchAll(new RegExp(pattern, 'gu'))).length < times) {
        if (performance.now() > givesUp) throw new Error(`HAProxy did not say ${pattern.source} ${times} times: ${haproxy.output()}`);
        await pause(5);
      }
    };
    let reloads = 0;
    const stop = async (): Promise<void> => {
      await haproxy.stop('SIGTERM');
      await folder.remove();
    };
    return {
      port: haproxy.port,
      origin: `http://127.0.0.1:${haproxy.port}`,
      async reload() {
        reloads += 1;
        // A master that has only just come up does not listen yet.
        const ask = setInterval(() => haproxy.signal('SIGUSR2'), 200);
        haproxy.signal('SIGUSR2');
        try {
          await said(loaded, 1 + reloads);
        } finally {
          clearInterval(ask);
        }
      },
      settled: () => said(/Former worker \(\d+\) exited/u, reloads),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function configuration({ to, http2 = false, hardStopAfter }: HaproxyOptions, port: number): string {
  return [
    'global',
    ...(hardStopAfter === undefined ? [] : [`  hard-stop-after ${hardStopAfter}ms`]),
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 30s',
    '  timeout server 30s',
    'frontend front',
    `  bind 127.0.0.1:${port}${http2 ? ' proto h2' : ''}`,
    '  default_backend back',
    'backend back',
    `  server one ${to.host}:${to.port}`,
    '',
  ].join('\n');
}
