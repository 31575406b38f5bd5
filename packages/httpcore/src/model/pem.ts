/** Certificates and keys as Node takes them. What is none it passes over in silence, and every peer fails for it later. */
import { LocalProtocolError } from '../contract/errors.ts';
import type { CertificateInput } from '../contract/tls-options.ts';

interface Block {
  readonly what: string;
  readonly label: string;
  readonly pem: RegExp;
}
export type PemOption = 'ca' | 'cert' | 'key' | 'crl';

const storeNames = ['default', 'system', 'bundled', 'extra'] as const;
/** Stands among authorities for those of a whole store. */
export type StoreName = (typeof storeNames)[number];

export function isStoreName(value: unknown): value is StoreName {
  return (storeNames as readonly unknown[]).includes(value);
}

const certificate: Block = { what: 'certificate', label: 'CERTIFICATE', pem: /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/ };
const blocks: Readonly<Record<PemOption, Block>> = {
  ca: certificate,
  cert: certificate,
  crl: { what: 'list of revoked certificates', label: 'X509 CRL', pem: /-----BEGIN X509 CRL-----/ },
  key: { what: 'private key', label: 'PRIVATE KEY', pem: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/ },
};

/**
 * In PEM, whatever of the two it was in. Words for stores of authorities stay.
 * @throws {LocalProtocolError} `INVALID_OPTION`: it holds nothing of that kind. It is not quoted: it may be a key.
 */
export function toPem(option: PemOption, input: CertificateInput): (string | Uint8Array)[] {
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (list.length === 0) throw unusable(option, 'is an empty list');
  return list.map((value) => single(option, value));
}

function single(option: PemOption, value: unknown): string | Uint8Array {
  const { what, label, pem } = blocks[option];
  if (typeof value === 'string') {
    if (pem.test(value) || (option === 'ca' && isStoreName(value))) return value;
    const isPath = value.length < 4_096 && !value.includes('\n') && !value.includes('-----');
    throw unusable(
      option,
      isPath
        ? `holds no ${what}. Is it the path of a file? Give what the file holds: readFileSync(path)${option === 'ca' ? `. Stores are ${storeNames.join(', ')}` : ''}`
        : `holds no ${what} in PEM`,
    );
  }
  if (!ArrayBuffer.isView(value)) throw unusable(option, 'must be text in PEM, or bytes in PEM or DER');
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (pem.test(bytes.toString('latin1'))) return bytes;
  // DER begins with a SEQUENCE.
  if (bytes.length < 32 || bytes[0] !== 0x30) throw unusable(option, `holds no ${what} in PEM or DER`);
  return `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
}

function unusable(option: PemOption, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option tls.${option} ${problem}`, { code: 'INVALID_OPTION', phase: 'tls' });
}
