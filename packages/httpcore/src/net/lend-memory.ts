/**
 * Reading into memory of ours where Node offers no way to: TLS over a socket that is there, at the end of a way through a proxy.
 *
 * `onread` is for sockets that Node opens by itself; `tls.connect({ socket, onread })` drops it. Without it every record is an `ArrayBuffer` of its own that
 * goes through a stream, and a small request through a tunnel costs a tenth to a fifth more than one without. So a socket is given by hand what the constructor gives it for `onread`:
 * three properties, whose symbols a socket that has them shows, and the handle's buffer. `apps/docs/decisions` tells what was measured.
 *
 * None of it is documented. Where anything is not as expected, nothing is touched, and the caller reads by way of `data` events.
 */
import { Socket, type OnReadOpts } from 'node:net';

interface OnreadSymbols {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly generator: symbol;
}

interface Handle {
  useUserBuffer?(buffer: Uint8Array): void;
}

let symbols: OnreadSymbols | null | undefined;

/** False where the socket can't take it: then it is as it was. To be called before anything is read. */
export function lendMemory(socket: Socket, onread: OnReadOpts): boolean {
  symbols ??= findSymbols();
  const { _handle: handle } = socket as Socket & { readonly _handle?: Handle | null };
  if (symbols === null || typeof onread.buffer !== 'function' || typeof handle?.useUserBuffer !== 'function') return false;
  const slots = socket as unknown as Record<symbol, unknown>;
  const first = onread.buffer();
  slots[symbols.buffer] = first;
  slots[symbols.callback] = onread.callback;
  slots[symbols.generator] = onread.buffer;
  handle.useUserBuffer(first);
  return true;
}

/** Can this Node lend memory? */
export function canLendMemory(): boolean {
  symbols ??= findSymbols();
  return symbols !== null;
}

function findSymbols(): OnreadSymbols | null {
  const memory = new Uint8Array(1);
  const generate = (): Uint8Array => memory;
  const callback = (): boolean => true;
  const buffer = symbolOf({ buffer: memory, callback }, memory);
  const generator = symbolOf({ buffer: generate, callback }, generate);
  const called = symbolOf({ buffer: generate, callback }, callback);
  if (buffer === undefined || generator === undefined || called === undefined) return null;
  return { buffer, callback: called, generator };
}

/** Under which symbol a socket made with `onread` holds this value. */
function symbolOf(onread: OnReadOpts, value: unknown): symbol | undefined {
  const socket = new Socket({ onread } as object) as unknown as Record<symbol, unknown>;
  return Object.getOwnPropertySymbols(socket).find((symbol) => socket[symbol] === value);
}
