import { Resolver } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { installedProgram } from './installed-program.ts';
import { startPeerProcess, temporaryFolder } from './peer-process.ts';

/** Names and their addresses. */
export type Zone = Readonly<Record<string, readonly string[]>>;

export interface DnsmasqServer extends AsyncDisposable {
  /** `127.0.0.1:port`, for who asks name servers. */
  readonly address: string;
  /** Resolves when it answers so. */
  change(zone: Zone): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds that it may take to read its file again. */
const patience = 30_000;

/**
 * Starts dnsmasq as the only server for some names; it knows no others. `ttl`: of its answers, in seconds.
 *
 * @throws {Error} with its own words where it does not come up; see `installedProgram` for whether it is there at all.
 * @example
 * await using names = await startDnsmasq({ 'app.test': ['127.0.0.1'] }, { ttl: 1 });
 * await names.change({ 'app.test': ['127.0.0.2'] });
 */
export async function startDnsmasq(zone: Zone, { ttl }: { readonly ttl: number }): Promise<DnsmasqServer> {
  const program = installedProgram('dnsmasq');
  if (program === undefined) throw new Error('dnsmasq is not installed');
  const folder = await temporaryFolder('dnsmasq');
  const hosts = join(folder.path, 'hosts');
  const write = (names: Zone): Promise<void> =>
    writeFile(
      hosts,
      Object.entries(names)
        .flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`))
        .join(''),
    );
  try {
    await write(zone);
    const process_ = await startPeerProcess((port) => ({
      program,
      args: [
        '--keep-in-foreground',
        '--log-facility=-',
        '--conf-file=/dev/null',
        '--pid-file=',
        '--no-resolv',
        '--no-hosts',
        '--bind-interfaces',
        '--listen-address=127.0.0.1',
        `--port=${port}`,
        `--addn-hosts=${hosts}`,
        `--local-ttl=${ttl}`,
        // Whoever is root would become somebody else, who may not read the folder.
        ...(process.getuid?.() === 0 ? ['--user=root'] : []),
      ],
      ready: /started, version/u,
      taken: /Address already in use/u,
    }));
    const address = `127.0.0.1:${process_.port}`;
    const stop = async (): Promise<void> => {
      await process_.stop();
      await folder.remove();
    };
    return {
      address,
      async change(next) {
        await write(next);
        process_.signal('SIGHUP');
        await answers(address, next);
      },
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function answers(address: string, zone: Zone): Promise<void> {
  const resolver = new Resolver();
  resolver.setServers([address]);
  const givesUp = performance.now() + patience;
  for (const [name, addresses] of Object.entries(zone)) {
    for (;;) {
      const found = await resolver.resolve4(name).catch((): string[] => []);
      if (new Set(found).size === addresses.length && addresses.every((each) => found.includes(each))) break;
      if (performance.now() > givesUp) throw new Error(`dnsmasq does not say ${addresses.join(', ')} of ${name}, but ${found.join(', ')}`);
      await pause(5);
    }
  }
}
