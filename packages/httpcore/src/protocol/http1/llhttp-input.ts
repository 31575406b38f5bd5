/** What llhttp parses lies in its own memory, and is there until it gets the next piece: offsets here are pointers of its. */

// Borrowed, because the memory is no Buffer.
const { latin1Slice } = Buffer.prototype as unknown as { latin1Slice(this: Uint8Array, start: number, end: number): string };

export let inputBytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
export let inputOctets: DataView = new DataView(inputBytes.buffer);

/** The memory has been made, or has moved. */
export function setInputMemory(memory: ArrayBuffer): void {
  inputBytes = new Uint8Array(memory);
  inputOctets = new DataView(memory);
}

export function inputText(start: number, end: number): string {
  return latin1Slice.call(inputBytes, start, end);
}
