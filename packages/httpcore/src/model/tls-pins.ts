/** Pinned keys (as in RFC 7469): which there are for an origin, and how they are written. */
import { LocalProtocolError } from '../contract/errors.ts';
import { OriginTable } from './origin-pattern.ts';
import type { Origin } from './origin.ts';
import type { TlsOptions } from '../contract/tls-options.ts';

type Pins = readonly string[];

// 32 octets in Base64, which curl writes behind two slashes.
const form = /^sha256\/\/?([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048])=?$/;

/**
 * In one spelling.
 * @throws {LocalProtocolError} `INVALID_OPTION`.
 */
export function readPins(input: NonNullable<TlsOptions['pins']>): NonNullable<TlsOptions['pins']> {
  if (Array.isArray(input)) return readList(input as Pins, 'tls.pins');
  if (typeof input !== 'object' || input === null) throw invalid('tls.pins', 'must be a list of pins, or lists by origin');
  const own = Object.create(null) as Record<string, Pins>;
  for (const [pattern, pins] of Object.entries(input)) own[pattern] = readList(pins as Pins, `tls.pins[${JSON.stringify(pattern)}]`);
  try {
    void new OriginTable(own);
  } catch (error) {
    throw invalid('tls.pins', `has a pattern that is none: ${(error as Error).message}; use "https://host", "*.host:8443" or "*"`);
  }
  return Object.freeze(own);
}

function readList(pins: Pins, name: string): Pins {
  if (!Array.isArray(pins) || pins.length === 0) throw invalid(name, 'must be a list of pins, with one at least');
  const own = pins.map((pin: unknown) => {
    const digest = typeof pin === 'string' ? form.exec(pin)?.[1] : undefined;
    if (digest === undefined)
      throw invalid(name, 'must hold pins such as "sha256/AAAA…=": the SHA-256 of a SubjectPublicKeyInfo in Base64');
    return `sha256/${digest}=`;
  });
  return Object.freeze(own);
}

/** Which pins hold for an origin; `undefined`: none. */
export type FindPins = (origin: Pick<Origin, 'host' | 'port'>) => Pins | undefined;

/** `undefined`: there are none for anybody. */
export function findPinsBy(pins: TlsOptions['pins']): FindPins | undefined {
  if (pins === undefined) return undefined;
  if (Array.isArray(pins)) return () => pins as Pins;
  const table = new OriginTable(pins as Readonly<Record<string, Pins>>);
  return (origin) => table.find(origin);
}

/** Is there a list without a key in reserve? */
export function lacksBackup(pins: NonNullable<TlsOptions['pins']>): boolean {
  const lists = (Array.isArray(pins) ? [pins] : Object.values(pins)) as readonly Pins[];
  return lists.some((list) => new Set(list).size < 2);
}

function invalid(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option ${name} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
