/**
 * llhttp, compiled to WebAssembly: with `llhttp-input.ts`, the only file that knows its pointers.
 *
 * One module instance serves every parser of the process. Parsers live in its linear memory and are taken from and given
 * back to a free list. The bytes to parse are copied into one input area; spans come back as offsets into the caller's own
 * chunk, so nothing that is reported ever points into that memory.
 *
 * A call from WebAssembly to JavaScript costs as much as parsing twenty octets. So the fields are noted by another module (`span-recorder.ts`), and
 * llhttp pauses where a head and where a message ends: it calls back for the pieces of a body alone.
 *
 * Execution is synchronous and never nested (`receive` is not re-entered), so "the parser that runs" is one variable.
 */
import { UnsupportedProtocol } from '../../contract/errors.ts';
import { llhttpWasmBase64 } from './llhttp-wasm.generated.ts';
import { inputBytes, inputText, setInputMemory } from './llhttp-input.ts';
import { beginSpans, recordSpans } from './span-recorder.ts';

export interface LlhttpCallbacks {
  /**
   * A piece of the body, at these offsets of the chunk that was given to `execute`. Returns 0 to go on, or `llhttpErrno.user` to stop. It must
   * not throw: an exception would leave WebAssembly's own stack where it was.
   */
  onBody(start: number, end: number): number;
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
/** What can be parsed at once, in octets. Node reads at most as many. */
export const longestInput = 65_536;

let llhttp: LlhttpExports | undefined;
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
  const recorder = recordSpans();
  const instance = new WebAssembly.Instance(module, {
    env: {
      wasm_on_message_begin: recorder.onNothing,
      wasm_on_url: recorder.onNothingOf,
      wasm_on_status: recorder.onStatus,
      wasm_on_header_field: recorder.onName,
      wasm_on_header_value: recorder.onValue,
      wasm_on_headers_complete: recorder.onHead,
      wasm_on_body: (_parser: number, at: number, length: number) => running.onBody(at - offset, at - offset + length),
      wasm_on_message_complete: recorder.onMessage,
    },
  });
  const exported = instance.exports as unknown as LlhttpExports;
  input = exported.malloc(longestInput);
  setInputMemory(exported.memory.buffer);
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

  /**
   * Parses `chunk[start, end)`, at most {@link longestInput} octets, and returns an errno: `paused` where a head or a message ends, as
   * `span-recorder.ts` says. {@link consumed} says up to which offset of the chunk it got.
   */
  execute(chunk: Uint8Array, start: number, end: number): number {
    running = this.#callbacks;
    // Allocating parsers can grow the memory, which detaches the view.
    if (inputBytes.length === 0) setInputMemory(this.#llhttp.memory.buffer);
    inputBytes.set(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end), input);
    offset = input - start;
    beginSpans(-offset);
    const errno = this.#llhttp.llhttp_execute(this.#parser, input, end - start);
    this.#consumed = errno === llhttpErrno.ok ? end : this.#llhttp.llhttp_get_error_pos(this.#parser) - offset;
    return errno;
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
    if (inputBytes.length === 0) setInputMemory(this.#llhttp.memory.buffer);
    const start = this.#llhttp.llhttp_get_error_reason(this.#parser);
    if (start === 0) return 'invalid response';
    let end = start;
    while (inputBytes[end] !== 0 && end - start < 200) end += 1;
    return inputText(start, end);
  }

  free(): void {
    if (this.#parser === 0) return;
    freeParsers.push(this.#parser);
    this.#parser = 0;
  }
}
