/**
 * llhttp, compiled to WebAssembly: the only file that knows its pointers.
 *
 * One module instance serves every parser of the process. Parsers live in its linear memory and are taken from and given
 * back to a free list. The bytes to parse are copied into one input area; spans come back as offsets into the caller's own
 * chunk, so nothing that is reported ever points into that memory.
 *
 * Execution is synchronous and never nested (`receive` is not re-entered), so "the parser that runs" is one variable.
 */
import { UnsupportedProtocol } from '../../contract/errors.ts';
import { llhttpWasmBase64 } from './llhttp-wasm.generated.ts';

/**
 * What `execute` reports, with spans as offsets into the chunk that was given to it. A callback returns 0 to go on, or
 * `llhttpErrno.user` to stop. It must not throw: an exception would leave WebAssembly's own stack where it was.
 */
export interface LlhttpCallbacks {
  onStatusText(start: number, end: number): number;
  onHeaderField(start: number, end: number): number;
  onHeaderValue(start: number, end: number): number;
  /** Also 1: the message has no body (that llhttp should read); 2: what follows is not HTTP. */
  onHeadersComplete(status: number): number;
  onBody(start: number, end: number): number;
  onMessageComplete(): void;
}

/** llhttp's error numbers that the engine tells apart. */
export const llhttpErrno = {
  ok: 0,
  unexpectedContentLength: 4,
  invalidHeaderToken: 10,
  invalidContentLength: 11,
  invalidChunkSize: 12,
  invalidTransferEncoding: 15,
  paused: 21,
  pausedUpgrade: 22,
  user: 24,
} as const;

interface LlhttpExports {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): number;
  llhttp_alloc(type: number): number;
  llhttp_reset(parser: number): void;
  llhttp_execute(parser: number, data: number, length: number): number;
  llhttp_resume(parser: number): void;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
  llhttp_message_needs_eof(parser: number): number;
  llhttp_set_lenient_headers(parser: number, enabled: number): void;
  llhttp_set_lenient_spaces_after_chunk_size(parser: number, enabled: number): void;
}

const typeResponse = 2;
// Node reads at most 64 KiB at once; longer input is parsed in pieces.
const inputSize = 65_536;

let llhttp: LlhttpExports | undefined;
let memory: Uint8Array<ArrayBuffer>;
let input = 0;
let running: LlhttpCallbacks;
let offset = 0;
const freeParsers: number[] = [];

// Instantiated by the first parser, so that importing the package costs nothing.
function instantiate(): LlhttpExports {
  if (typeof WebAssembly === 'undefined') {
    throw new UnsupportedProtocol(
      'HTTP/1.1 can not be spoken: its parser is WebAssembly, which this process does not have (node --jitless). Start it without that flag, or speak HTTP/2 alone: http1: false',
    );
  }
  const module = new WebAssembly.Module(Buffer.from(llhttpWasmBase64, 'base64'));
  const instance = new WebAssembly.Instance(module, {
    env: {
      wasm_on_message_begin: () => 0,
      wasm_on_url: () => 0,
      wasm_on_status: (_parser: number, at: number, length: number) => running.onStatusText(at - offset, at - offset + length),
      wasm_on_header_field: (_parser: number, at: number, length: number) => running.onHeaderField(at - offset, at - offset + length),
      wasm_on_header_value: (_parser: number, at: number, length: number) => running.onHeaderValue(at - offset, at - offset + length),
      wasm_on_headers_complete: (_parser: number, status: number) => running.onHeadersComplete(status),
      wasm_on_body: (_parser: number, at: number, length: number) => running.onBody(at - offset, at - offset + length),
      // Always pause: the caller learns where the message ended, and what follows is its decision.
      wasm_on_message_complete: () => {
        running.onMessageComplete();
        return llhttpErrno.paused;
      },
    },
  });
  const exported = instance.exports as unknown as LlhttpExports;
  input = exported.malloc(inputSize);
  memory = new Uint8Array(exported.memory.buffer);
  return exported;
}

/** Parses the responses of one connection. `free` it exactly once. */
export class Llhttp {
  readonly #llhttp: LlhttpExports;
  readonly #callbacks: LlhttpCallbacks;
  #parser: number;
  #consumed = 0;

  /** `lenient`: controls are let into values, and spaces behind the size of a chunk. */
  constructor(callbacks: LlhttpCallbacks, lenient: boolean) {
    this.#llhttp = llhttp ??= instantiate();
    this.#callbacks = callbacks;
    this.#parser = freeParsers.pop() ?? this.#llhttp.llhttp_alloc(typeResponse);
    this.reset();
    // A reset leaves these as they are.
    const enabled = lenient ? 1 : 0;
    this.#llhttp.llhttp_set_lenient_headers(this.#parser, enabled);
    this.#llhttp.llhttp_set_lenient_spaces_after_chunk_size(this.#parser, enabled);
  }

  /** Ready for the first byte of a new response. */
  reset(): void {
    this.#llhttp.llhttp_reset(this.#parser);
  }

  /** Parses `chunk[start, end)` and returns an errno; {@link consumed} says up to which offset of the chunk it got. */
  execute(chunk: Uint8Array, start: number, end: number): number {
    running = this.#callbacks;
    for (let from = start; from < end; from += inputSize) {
      const isAll = from === 0 && end === chunk.length && end <= inputSize;
      const piece = isAll ? chunk : chunk.subarray(from, Math.min(end, from + inputSize));
      // Allocating parsers can grow the memory, which detaches the view.
      if (memory.length === 0) memory = new Uint8Array(this.#llhttp.memory.buffer);
      memory.set(piece, input);
      offset = input - from;
      const errno = this.#llhttp.llhttp_execute(this.#parser, input, piece.length);
      if (errno !== llhttpErrno.ok) {
        this.#consumed = this.#llhttp.llhttp_get_error_pos(this.#parser) - offset;
        return errno;
      }
    }
    this.#consumed = end;
    return llhttpErrno.ok;
  }

  get consumed(): number {
    return this.#consumed;
  }

  resume(): void {
    this.#llhttp.llhttp_resume(this.#parser);
  }

  get minorVersion(): number {
    return this.#llhttp.llhttp_get_http_minor(this.#parser);
  }

  get majorVersion(): number {
    return this.#llhttp.llhttp_get_http_major(this.#parser);
  }

  /** In `onHeadersComplete`: will llhttp read the body until the end of the connection? */
  get needsEnd(): boolean {
    return this.#llhttp.llhttp_message_needs_eof(this.#parser) !== 0;
  }

  /** llhttp's own words for the last error. */
  get errorReason(): string {
    if (memory.length === 0) memory = new Uint8Array(this.#llhttp.memory.buffer);
    const start = this.#llhttp.llhttp_get_error_reason(this.#parser);
    if (start === 0) return 'invalid response';
    let end = start;
    while (memory[end] !== 0 && end - start < 200) end += 1;
    return Buffer.from(memory.buffer, start, end - start).toString('latin1');
  }

  free(): void {
    if (this.#parser === 0) return;
    freeParsers.push(this.#parser);
    this.#parser = 0;
  }
}
