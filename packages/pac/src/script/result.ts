import { PacError } from '../pac-errors.ts';

/**
 * By the name that a result has for it. As in Chrome and Firefox, `SOCKS` is version 4, whose names are resolved here, and version 5 resolves them at the proxy.
 */
const schemes: ReadonlyMap<string, string> = new Map([
  ['PROXY', 'http'],
  ['HTTP', 'http'],
  ['HTTPS', 'https'],
  ['SOCKS', 'socks4'],
  ['SOCKS4', 'socks4'],
  ['SOCKS5', 'socks5h'],
]);

const hostAndPort = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i;

/** What is further on a list is not tried. */
const longestResult = 32;

/**
 * `PROXY a:3128; SOCKS b; DIRECT` as proxies, `null` for the direct way. Nothing at all is direct, too; what is not known is left out.
 * @throws {PacError} `PAC_RESULT`: nothing is left.
 */
export function parseResult(text: string): readonly (string | null)[] {
  const entries = text.split(';').map((entry) => entry.trim());
  const said = entries.filter((entry) => entry !== '');
  if (said.length === 0) return [null];
  const ways = said.slice(0, longestResult).flatMap((entry): readonly (string | null)[] => {
    const [kind = '', place = '', ...more] = entry.split(/\s+/);
    if (kind.toUpperCase() === 'DIRECT') return [null];
    const scheme = schemes.get(kind.toUpperCase());
    return scheme === undefined || more.length > 0 || !isPlace(place) ? [] : [`${scheme}://${place}`];
  });
  if (ways.length === 0) throw new PacError(`The PAC script gave ${shown(text)}, which names no proxy`, { code: 'PAC_RESULT' });
  return ways;
}

/** `999.1.1.1` and a port of 99999 look like one, and are none. */
function isPlace(text: string): boolean {
  if (!hostAndPort.test(text) || /:0+$/.test(text)) return false;
  try {
    return new URL(`http://${text}`).host !== '';
  } catch {
    return false;
  }
}

export function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
