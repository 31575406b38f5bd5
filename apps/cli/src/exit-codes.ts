/** What the exit code says: 3 to 5 are httpie's, from 6 on those of curl. */
import { Interruption } from './io.ts';
import { UsageError } from './usage-error.ts';

export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

/** The one table: the manual, the guide and `--help` are made of it. */
export const exitCodes: readonly ExitCode[] = [
  { code: 0, meaning: 'Done. Any status of HTTP, unless --check-status was given.' },
  { code: 1, meaning: 'It failed in a way that has no code of its own.' },
  { code: 2, meaning: 'The command line, the configuration or a session could not be understood; nothing was sent.' },
  { code: 3, meaning: 'With --check-status: the status was 3xx, and was not followed.' },
  { code: 4, meaning: 'With --check-status: 4xx.' },
  { code: 5, meaning: 'With --check-status: 5xx.' },
  { code: 6, meaning: 'The name of a host could not be resolved.' },
  { code: 7, meaning: 'No connection could be made, or its address is refused by --public-only.' },
  { code: 22, meaning: 'xhttp curl -f: the status was 400 or more.' },
  { code: 23, meaning: 'A file could not be written.' },
  { code: 26, meaning: 'A file that was to be sent could not be read.' },
  { code: 28, meaning: 'A limit of time has passed.' },
  { code: 35, meaning: 'TLS could not be negotiated.' },
  { code: 47, meaning: 'Too many redirects.' },
  { code: 55, meaning: 'The connection broke while the request was being sent.' },
  { code: 56, meaning: 'The connection broke while the response was being received, or what came is no HTTP.' },
  { code: 60, meaning: 'The certificate of the server is not trusted.' },
  { code: 63, meaning: 'The response is larger than the limit.' },
  { code: 65, meaning: 'The digest of a download is not the one that was expected.' },
  { code: 97, meaning: 'The proxy refused, or could not be spoken with.' },
  { code: 130, meaning: 'Interrupted (Ctrl-C). What was downloaded is kept with --resume.' },
  { code: 141, meaning: 'Nobody reads the output any more, as in "| head".' },
  { code: 143, meaning: 'Told to end (SIGTERM).' },
];

/** Facts that errors of the client and of Node have; classes are not asked, so that nothing has to be loaded for it. */
interface ErrorFacts {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly phase?: unknown;
  readonly cause?: unknown;
  readonly syscall?: unknown;
  readonly path?: unknown;
}

const byName: Readonly<Record<string, number>> = {
  InvalidOption: 2,
  UnsupportedProtocol: 2,
  TooManyRedirects: 47,
  DigestMismatch: 65,
  ResponseTooLarge: 63,
  ProxyError: 97,
  AddressRefused: 7,
  WriteError: 55,
  ReadError: 56,
  RemoteProtocolError: 56,
};

const byPhase: Readonly<Record<string, number>> = {
  dns: 6,
  connect: 7,
  proxy: 97,
  tls: 35,
  send: 55,
  'response-head': 56,
  'response-body': 56,
};

/** The last reason counts: what a call waited for says less than what happened to it. */
export function exitCodeOf(error: unknown, signal: AbortSignal): number {
  if (signal.aborted && signal.reason instanceof Interruption) return signal.reason.exitCode;
  if (error instanceof Interruption) return error.exitCode;
  if (error instanceof UsageError) return 2;
  if (typeof error !== 'object' || error === null) return 1;
  const { name, code, phase, cause, syscall, path } = error as ErrorFacts;
  if (typeof name === 'string' && /Timeout$|^DeadlineExceeded$|^RetryPastDeadline$/u.test(name)) return 28;
  const named = byName[String(name)];
  if (named !== undefined) return named;
  if (name === 'TooManyRetries' && cause !== undefined) return exitCodeOf(cause, signal);
  if (phase === 'tls') return isDistrust(error) ? 60 : 35;
  const phased = byPhase[String(phase)];
  if (phased !== undefined) return phased;
  if (typeof syscall === 'string' && typeof path === 'string') return syscall === 'open' && code === 'ENOENT' ? 26 : 23;
  return 1;
}

/** Is it the certificate, and not the handshake? OpenSSL has many names for it, and OpenSSL's own failures begin otherwise. */
function isDistrust(error: object): boolean {
  for (let each: unknown = error; typeof each === 'object' && each !== null; each = (each as ErrorFacts).cause) {
    const { code } = each as ErrorFacts;
    if (typeof code === 'string' && /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|TRUST|HOSTNAME/u.test(code) && !code.startsWith('ERR_SSL_'))
      return true;
  }
  return false;
}
