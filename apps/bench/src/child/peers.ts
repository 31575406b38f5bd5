/**
 * Which release of a peer a Node can run. The newest ones have left Node 20 behind, and measuring only where everybody runs
 * would hide them, so two releases are installed and the one that fits is taken.
 */

export type PeerName = 'undici' | 'got' | 'ky' | 'axios';

interface Release {
  /** Name under which it is installed. */
  readonly installedAs: string;
  /** Lowest Node that it says it supports. */
  readonly since: readonly [major: number, minor: number];
}

/** Newest first; the last one runs on everything that we support. */
const RELEASES: Readonly<Record<PeerName, readonly Release[]>> = {
  undici: [
    { installedAs: 'undici-8', since: [22, 19] },
    { installedAs: 'undici-7', since: [20, 18] },
  ],
  got: [
    { installedAs: 'got-16', since: [22, 0] },
    { installedAs: 'got-14', since: [20, 0] },
  ],
  ky: [
    { installedAs: 'ky-2', since: [22, 0] },
    { installedAs: 'ky-1', since: [18, 0] },
  ],
  axios: [{ installedAs: 'axios', since: [0, 0] }],
};

/**
 * The name under which the newest release that a Node can run is installed.
 *
 * @param nodeVersion as in `process.versions.node`
 * @throws {RangeError} when none of the installed releases supports that Node.
 */
export function peerPackage(peer: PeerName, nodeVersion: string): string {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const release = RELEASES[peer].find(({ since }) => major > since[0] || (major === since[0] && minor >= since[1]));
  if (release === undefined) throw new RangeError(`No installed release of ${peer} supports Node ${nodeVersion}.`);
  return release.installedAs;
}

/** The peer's package name in this very process. */
export function installedPeer(peer: PeerName): string {
  return peerPackage(peer, process.versions.node);
}
