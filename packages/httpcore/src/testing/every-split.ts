/**
 * Runs a test with the same bytes cut in every way that finds mistakes: whole, octet by octet, and in two at every point.
 * TCP promises an order and nothing else, so every way must give the same result.
 *
 * @param bytes what the peer sends; a string is Latin-1.
 * @param run is called once per way, with the pieces in order. What it throws names the way.
 * @example
 * everySplit('HTTP/1.1 200 OK\r\n\r\n', (pieces) => assert.deepEqual(parse(pieces), expected));
 */
export function everySplit(bytes: Uint8Array | string, run: (pieces: readonly Uint8Array[]) => void): void {
  const whole = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  attempt('whole', [whole], run);
  attempt(
    'octet by octet',
    Array.from({ length: whole.length }, (_, index) => whole.subarray(index, index + 1)),
    run,
  );
  for (let at = 1; at < whole.length; at += 1) attempt(`split at ${at}`, [whole.subarray(0, at), whole.subarray(at)], run);
}

function attempt(way: string, pieces: readonly Uint8Array[], run: (pieces: readonly Uint8Array[]) => void): void {
  try {
    run(pieces);
  } catch (error) {
    if (error instanceof Error) error.message = `${way}: ${error.message}`;
    throw error;
  }
}
