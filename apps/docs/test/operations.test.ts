/** The page of operations says what the sources say: every option of a pool and of its names, with its default, and every constant that it names. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

/** What is written in the sources, and no part of the packages' interfaces. */
async function source(path: string): Promise<Readonly<Record<string, object>>> {
  return (await import(/* @vite-ignore */ new URL(`../../../packages/${path}`, import.meta.url).href)) as Readonly<Record<string, object>>;
}

type Defaults = Readonly<Record<string, unknown>>;
const { poolDefaults } = (await source('httpcore/src/model/pool-options.ts')) as { poolDefaults: Defaults };
const { dnsDefaults } = (await source('httpcore/src/model/dns-options.ts')) as { dnsDefaults: Defaults };
const { http2Defaults } = (await source('httpcore/src/model/http2-options.ts')) as { http2Defaults: Defaults };
const { defaultReadSettings } = (await source('client/src/decoding/decoding-settings.ts')) as { defaultReadSettings: Defaults };
const { defaultRedirects } = (await source('client/src/redirects/redirect-settings.ts')) as { defaultRedirects: Defaults };

const page = await readFile(new URL('../operations.md', import.meta.url), 'utf8');

/** The cells of the rows of a section's tables. */
function rowsOf(section: string): string[][] {
  const [, text = ''] = page.split(`\n## ${section}\n`);
  const rows = (text.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `') || /^\| [a-z0-9T]/.test(line));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** As a cell has it: `10,000 ms` and `10,000` are the same. */
function shown(value: unknown): string {
  if (value === Infinity || value === null || value === undefined) return 'none';
  if (typeof value === 'number') return value.toLocaleString('en-US');
  if (Array.isArray(value)) return value.map(shown).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function stated(section: string): Map<string, string> {
  const options = rowsOf(section).filter(([name]) => name!.startsWith('`'));
  return new Map(options.map(([name, value]) => [name!.slice(1, -1), value!.replace(/ ms$/, '').replaceAll('`', '')]));
}

function defaultsOf(options: object): Map<string, string> {
  return new Map(Object.entries(options).map(([name, value]) => [name, shown(value)]));
}

const sorted = (entries: Map<string, string>): [string, string][] =>
  Array.from(entries).toSorted(([one], [other]) => (one < other ? -1 : 1));

describe('operations.md', () => {
  it('has every option of a pool, with its default', () => {
    expect(sorted(stated('Connections'))).toEqual(sorted(defaultsOf({ ...poolDefaults, dns: 'below' })));
  });

  it('has every option of HTTP/2, with its default', () => {
    expect(sorted(stated('HTTP/2'))).toEqual(sorted(defaultsOf(http2Defaults)));
  });

  it('has every option of names, with its default', () => {
    expect(sorted(stated('Names'))).toEqual(sorted(defaultsOf(dnsDefaults)));
  });

  it('has the defaults of a call', () => {
    const { decompress, limits, maxExpansion } = defaultReadSettings;
    const call = {
      retries: 0,
      maxRedirects: defaultRedirects['limit'],
      decompress,
      maxResponseBytes: (limits as { whole: number }).whole,
      maxExpansion,
    };
    expect(sorted(stated('A call'))).toEqual(sorted(defaultsOf(call)));
  });

  const bounds = rowsOf('Bounds without an option').slice(1) as [bound: string, value: string, constant: string][];
  it.each(bounds)('%s: %s', async (_bound, value, constant) => {
    const [, file, name] = /^`([^`]+)` `([^`]+)`$/.exec(constant) ?? [];
    const text = await readFile(new URL(`../../../packages/httpcore/src/${file}`, import.meta.url), 'utf8');
    const [, written] = new RegExp(`^(?:export )?const ${name}(?:: number)? = ([\\d_]+);`, 'm').exec(text) ?? [];
    expect(shown(Number(written!.replaceAll('_', '')))).toBe(value.replace(/ ms$/, ''));
  });

  it('names the bound of a move', () => {
    expect(page).toContain(`within ${(Number(poolDefaults['maxConnectionAge']) + Number(dnsDefaults['ttl'])) / 1_000} s`);
  });
});
