/** What is imported in the import scenario: packages, where the other scenarios have functions of packages. */
import type { ImportedContender } from './scenario.ts';

export const IMPORTED_CONTENDERS: readonly ImportedContender[] = [
  { id: 'dispatch', label: '@x/httpcore', level: 'dispatch', ours: true, peer: null, specifiers: () => ['@x/httpcore'] },
  { id: 'client', label: '@x/client', level: 'client', ours: true, peer: null, specifiers: () => ['@x/client'] },
  { id: 'undici', label: 'undici', level: 'client', ours: false, peer: 'undici', specifiers: installed },
  {
    id: 'node-http',
    label: 'node:http and node:https',
    level: 'client',
    ours: false,
    peer: null,
    specifiers: () => ['node:http', 'node:https'],
  },
  { id: 'got', label: 'got', level: 'client', ours: false, peer: 'got', specifiers: installed },
  { id: 'ky', label: 'ky', level: 'client', ours: false, peer: 'ky', specifiers: installed },
  { id: 'axios', label: 'axios', level: 'client', ours: false, peer: 'axios', specifiers: installed },
];

function installed(peerPackage: string | null): readonly string[] {
  if (peerPackage === null) throw new TypeError('A peer is imported by the name of its release.');
  return [peerPackage];
}
