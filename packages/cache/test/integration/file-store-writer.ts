/** Writes one response after the other into a folder, and says so after each, until it is killed. */
import { FileStore } from '../../src/files/file-store.ts';

const [folder = '', round = ''] = process.argv.slice(2);
const store = new FileStore(folder);
const now = Date.now();

for (let number = 0; number < 10_000; number += 1) {
  const key = `https://example.com/${round}/${number}`;
  const length = 1 + ((number * 7919) % 200_000);
  const writer = store.write(key, {
    id: `r-${round}-${number}`,
    url: key,
    status: 200,
    reason: 'OK',
    httpVersion: '1.1',
    headers: [['cache-control', 'max-age=60']],
    selecting: [],
    partition: '',
    requestedAt: now,
    receivedAt: now,
    part: null,
    askedRange: null,
    tags: [],
    usefulUntil: now + 60_000,
    length,
  });
  await writer.write(new Uint8Array(length).fill(number % 251));
  await writer.commit(length, []);
  process.send?.(number);
}
