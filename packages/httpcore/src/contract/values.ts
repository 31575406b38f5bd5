/** What crosses the border, by value. */

/**
 * One header field. Latin-1 text; order, letter case and duplicates are kept as given and as received (RFC 9110 §5.3).
 * Over HTTP/2 names travel in lower case, as RFC 9113 §8.2.1 asks.
 */
export type HeaderPair = readonly [name: string, value: string];

/**
 * A URL in the parts that the wire needs, never joined and parsed again:
 * - `scheme`: `http` or `https`, in lower case.
 * - `host`: a DNS name in ASCII (punycode), an IPv4 address, or an IPv6 address with or without brackets.
 * - `port`: 1–65535, or `null` for the scheme's default.
 * - `target`: the request target as it goes on the wire (RFC 9112 §3.2): a path with query, `*`, or an absolute URI.
 */
export type UrlParts = readonly [scheme: string, host: string, port: number | null, target: string];

/**
 * Limits in milliseconds; `null` means none.
 * - `connect`: DNS, TCP, proxy handshake and TLS together, once.
 * - `read`: the longest silence of the peer while we wait for it (not while our caller is slow to read).
 * - `write`: the longest time without progress while the peer takes no more of the request.
 * - `pool`: the longest wait for a connection while every permitted one is taken.
 */
export type Timeouts = readonly [connect: number | null, read: number | null, write: number | null, pool: number | null];

/**
 * The bytes of a request body. An array of chunks has a known length and can be sent again; any other iterable is iterated
 * at most once, as the peer takes it, and has its `return()` called when the rest is not needed.
 */
export type ByteIterable = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Request trailers (RFC 9110 §6.5): fields, or a function asked for them once the body has been sent. */
export type TrailerSource = readonly HeaderPair[] | (() => readonly HeaderPair[] | Promise<readonly HeaderPair[]>);
