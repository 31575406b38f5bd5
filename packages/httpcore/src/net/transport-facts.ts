/** What a connected socket tells about itself, read once: after it has closed, Node no longer knows. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import type { TransportFacts } from './byte-transport.ts';
import type { ResumableSession } from './session-cache.ts';

/** `path` is that of a unix socket, which has no addresses. */
export function socketFacts(socket: Socket, path: string | undefined): TransportFacts {
  return {
    remoteAddress: path ?? socket.remoteAddress,
    remotePort: path === undefined ? socket.remotePort : undefined,
    localAddress: path === undefined ? socket.localAddress : undefined,
    localPort: path === undefined ? socket.localPort : undefined,
    alpnProtocol: undefined,
    tls: undefined,
  };
}

/** `under`: what is known without TLS. `certificateNames`: {@link certificateNamesOf} this socket. */
export function secureSocketFacts(socket: TLSSocket, under: TransportFacts, certificateNames: () => readonly string[]): TransportFacts {
  // `false` when nothing was agreed on.
  const alpnProtocol = socket.alpnProtocol;
  // What stands in for the network (`taken-over.ts`) says that TLS is there before it is.
  const cipher = socket.getCipher() as ReturnType<TLSSocket['getCipher']> | undefined;
  return {
    ...under,
    alpnProtocol: typeof alpnProtocol === 'string' && alpnProtocol !== '' ? alpnProtocol : undefined,
    tls: {
      version: socket.getProtocol() ?? 'unknown',
      cipher: cipher?.standardName ?? 'unknown',
      resumed: socket.isSessionReused(),
      certificateNames,
    },
  };
}

/** The names of the peer's certificate, asked for lazily: most connections are never shared between origins. */
export function certificateNamesOf(socket: TLSSocket, resuming: ResumableSession | undefined): () => readonly string[] {
  let names: readonly string[] | undefined;
  return () => {
    if (names === undefined && resuming !== undefined && socket.isSessionReused()) names = resuming.certificateNames;
    return (names ??= parseAlternativeNames(socket.getPeerX509Certificate()?.subjectAltName));
  };
}

// `DNS:a.example, IP Address:127.0.0.1, DNS:"odd, name"`: a value that could be mistaken for more than one is quoted as JSON
// (CVE-2021-44532 was the time before).
const alternativeName = /(?:^|, )([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^,"]+)(?=, |$)/gy;

/** The DNS names and IP addresses of subjectAltName. The common name is not one of them: RFC 9525 took its last use away. */
export function parseAlternativeNames(text: string | undefined): readonly string[] {
  const names: string[] = [];
  for (const [, kind, value = ''] of (text ?? '').matchAll(alternativeName)) {
    if (kind !== 'DNS' && kind !== 'IP Address') continue;
    const name = value.startsWith('"') ? unquote(value) : value;
    if (name !== undefined) names.push(name);
  }
  return names;
}

function unquote(value: string): string | undefined {
  try {
    return JSON.parse(value) as string;
  } catch {
    // A name that can't be read names nothing.
    return undefined;
  }
}
