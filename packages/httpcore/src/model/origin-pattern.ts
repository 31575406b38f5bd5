/** What holds for which origins: `https://api.example`, `*.example.com:8443`, `*`. */
import type { Origin } from './origin.ts';
import { parseUrl } from './url.ts';

interface Row<Value> {
  /** In lower case; with `*.` in front, every name below it; `undefined`: every host. */
  readonly host: string | undefined;
  /** `undefined`: every port. */
  readonly port: number | undefined;
  readonly value: Value;
}

const form = /^(?:(?:https|all):\/\/)?(\[[^\]]*\]|[^:/?#@[\]\\]*)(?::(\d{1,5}|\*))?\/?$/i;

/** A table by patterns, of which the most specific one counts: by its host, then by its port. */
export class OriginTable<Value> {
  readonly #rows: readonly Row<Value>[];

  /** @throws {RangeError} naming the pattern that is none. */
  constructor(values: Readonly<Record<string, Value>>) {
    const rows = Object.entries(values).map(([pattern, value]) => rowOf(pattern, value));
    this.#rows = rows.sort((a, b) => weight(b) - weight(a) || Number(b.port !== undefined) - Number(a.port !== undefined));
  }

  /** What holds for TLS with this origin. */
  find({ host, port }: Pick<Origin, 'host' | 'port'>): Value | undefined {
    const name = host.replace(/\.$/, '').replace(/%.*$/, '');
    return this.#rows.find((row) => (row.port === undefined || row.port === port) && matches(row.host, name))?.value;
  }
}

function rowOf<Value>(pattern: string, value: Value): Row<Value> {
  const [, hostName = '', portNumber] = form.exec(pattern) ?? [];
  const port = portNumber === undefined || portNumber === '*' ? undefined : Number(portNumber);
  const isWildcard = hostName.startsWith('*.');
  const plain = isWildcard ? hostName.slice(2) : hostName;
  const host =
    hostName === '*'
      ? undefined
      : parseUrl(`http://${plain}/`)
          ?.hostname.replace(/\.$/, '')
          .replace(/^\[|\]$/g, '');
  const isNone =
    !form.test(pattern) || (host === undefined && hostName !== '*') || host?.includes('*') === true || port === 0 || port! > 65_535;
  if (isNone) throw new RangeError(JSON.stringify(pattern.slice(0, 100)));
  return { host: host === undefined ? undefined : isWildcard ? `*.${host}` : host, port, value };
}

function matches(pattern: string | undefined, host: string): boolean {
  if (pattern === undefined) return true;
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 : host === pattern;
}

function weight({ host }: Row<unknown>): number {
  if (host === undefined) return 0;
  return host.startsWith('*.') ? host.length : 1_000;
}
