import type { Exchange } from '../exchange/exchange.ts';
import type { ByteTransport } from '../net/byte-transport.ts';

/** Up to here V8 has the octets beside the object, and copying them one by one takes less than a call. */
const smallest = 64;
// From here on, memory that is not cleared first is had for less.
const smallestUncleared = 2_048;
/** Beyond so many pieces of one chunk, they are handed on: who sends them that small has no say in what we remember. */
const mostPieces = 64;

/** Whose response a piece is of. */
export interface PieceReceiver {
  readonly exchange: Exchange;
  /** Nothing more is told to its exchange. */
  readonly isGivenUp: boolean;
  /** Its exchange has what came. */
  onDelivered(): void;
}

/**
 * What one chunk brings of one response. The frames of HTTP/2 cut a body, and each other's: nginx sends two and a part of a third in a TLS record. Its reader
 * gets one piece of memory for them, and is woken once.
 */
export class ChunkPieces {
  readonly #transport: ByteTransport;
  #receiver: PieceReceiver | null = null;
  #chunk: Uint8Array | null = null;
  // Start and end of each, alternating.
  readonly #bounds: number[] = [];
  #count = 0;
  #length = 0;

  constructor(transport: ByteTransport) {
    this.#transport = transport;
  }

  /** `chunk[start, end)`, of the chunk that the transport delivers now. */
  add(receiver: PieceReceiver, chunk: Uint8Array, start: number, end: number): void {
    if (receiver !== this.#receiver || this.#count === mostPieces * 2) {
      this.deliver();
      this.#receiver = receiver;
      this.#chunk = chunk;
    }
    this.#bounds[this.#count] = start;
    this.#bounds[this.#count + 1] = end;
    this.#count += 2;
    this.#length += end - start;
  }

  /** Hands on what has been added. To be called while the transport still delivers its chunk. */
  deliver(): void {
    const receiver = this.#receiver;
    if (receiver === null) return;
    const chunk = this.#chunk!;
    const count = this.#count;
    const length = this.#length;
    this.#receiver = null;
    this.#chunk = null;
    this.#count = 0;
    this.#length = 0;
    if (receiver.isGivenUp) return;
    if (count === 2) deliverTo(receiver.exchange, chunk, this.#bounds[0]!, this.#bounds[1]!, this.#transport);
    else deliverWhole(receiver.exchange, this.#join(chunk, count, length));
    receiver.onDelivered();
  }

  #join(chunk: Uint8Array, count: number, length: number): Uint8Array<ArrayBuffer> {
    const whole = newMemory(length);
    let at = 0;
    for (let index = 0; index < count; index += 2) {
      const piece = chunk.subarray(this.#bounds[index], this.#bounds[index + 1]);
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}

/** Gives an exchange `chunk[start, end)`, of the chunk that `transport` delivers now. */
export function deliverTo(exchange: Exchange, chunk: Uint8Array, start: number, end: number, transport: ByteTransport): void {
  if (exchange.incoming?.gather(chunk, start, end) !== true) exchange.onData(ownedBytes(chunk, start, end, transport));
}

function deliverWhole(exchange: Exchange, owned: Uint8Array<ArrayBuffer>): void {
  if (exchange.incoming?.gather(owned, 0, owned.length) !== true) exchange.onData(owned);
}

/**
 * Turns `chunk[start, end)`, which is only valid now, into bytes that last. To be called while the transport delivers them.
 *
 * Whoever gets them may give their memory away (`postMessage` with a transfer list) or look at all of it (`.buffer`), so it is theirs alone,
 * to the octet: a copy, unless they are all of the memory that was read into, and it can be given away.
 */
export function ownedBytes(chunk: Uint8Array, start: number, end: number, transport: ByteTransport): Uint8Array<ArrayBuffer> {
  const length = end - start;
  if (length <= smallest) {
    const owned = new Uint8Array(length);
    for (let index = 0; index < length; index += 1) owned[index] = chunk[start + index]!;
    return owned;
  }
  // Asked for by those that may be all of it alone: for a small body, the memory of a view costs more than its octets.
  if (length === chunk.length && length === chunk.buffer.byteLength && transport.keep()) return new Uint8Array(memoryOf(chunk));
  if (length >= smallestUncleared) {
    const owned = newMemory(length);
    owned.set(new Uint8Array(memoryOf(chunk), chunk.byteOffset + start, length));
    return owned;
  }
  // Of a Buffer, `slice` would give a view.
  const plain =
    chunk.constructor === Uint8Array ? (chunk as Uint8Array<ArrayBuffer>) : new Uint8Array(memoryOf(chunk), chunk.byteOffset, chunk.length);
  return plain.slice(start, end);
}

/** No transport reads into memory that threads share. */
function memoryOf(chunk: Uint8Array): ArrayBuffer {
  return chunk.buffer as ArrayBuffer;
}

function newMemory(length: number): Uint8Array<ArrayBuffer> {
  return length < smallestUncleared ? new Uint8Array(length) : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}
