/** What a connected socket tells about itself, read once: after it has closed, Node no longer knows. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import type { TransportFacts } from './byte-transport.ts';
import type { PeerChain } from './peer-chain.ts';

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

/** `under`: what is known without TLS. */
export function secureSocketFacts(socket: TLSSocket, under: TransportFacts, chain: PeerChain): TransportFacts {
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
      certificateNames: () => chain.names,
      certificatePins: () => chain.pins,
      certificate: () => chain.facts,
      // What stands in for the network has no opinion.
      mistrust: (socket.authorized as boolean | undefined) === false ? socket.authorizationError : undefined,
      peerCertificate: (detailed) => socket.getPeerCertificate(detailed),
      cipherFacts: cipher,
    },
  };
}
