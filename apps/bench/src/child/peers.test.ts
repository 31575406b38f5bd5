import { describe, expect, test } from 'vitest';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { peerPackage, type PeerName } from './peers.ts';

describe('the release of a peer', () => {
  test.each([
    ['undici', '20.20.2', 'undici-7'],
    ['undici', '22.18.0', 'undici-7'],
    ['undici', '22.19.0', 'undici-8'],
    ['undici', '24.0.0', 'undici-8'],
    ['got', '20.20.2', 'got-14'],
    ['got', '22.0.0', 'got-16'],
    ['ky', '20.20.2', 'ky-1'],
    ['ky', '26.10.0', 'ky-2'],
    ['axios', '20.20.2', 'axios'],
  ] satisfies [PeerName, string, string][])('of %s on Node %s is %s', (peer, node, expected) => {
    expect(peerPackage(peer, node)).toBe(expected);
  });

  test('does not exist below every floor', () => {
    expect(() => peerPackage('undici', '18.20.0')).toThrow(RangeError);
  });

  test.each(['undici-8', 'undici-7', 'got-16', 'got-14', 'ky-2', 'ky-1'])('%s is the major that its name says', (name) => {
    const require = createRequire(import.meta.url);
    const folder = require.resolve.paths(name)?.map((root) => `${root}/${name}/package.json`) ?? [];
    const manifest = folder.flatMap((path) => {
      try {
        return [JSON.parse(readFileSync(path, 'utf8')) as { version: string }];
      } catch {
        return [];
      }
    })[0];
    expect(manifest?.version.split('.')[0]).toBe(name.split('-')[1]);
  });
});
