/** What the program meets outside of itself, so that a test can be all of it. */

export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** `false`: wait for `drain` before more is written. */
  write(chunk: string | Uint8Array): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/** What standard input is. `none`: nobody will say anything, as with `/dev/null`. */
export type InputKind = 'terminal' | 'pipe' | 'file' | 'none';

export interface Io {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdinKind: InputKind;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly platform: string;
  /** Aborted by a signal of the system or when nobody reads any more; the reason is an {@link Interruption}. */
  readonly signal: AbortSignal;
  /** Asks on the terminal, without showing what is typed; where there is one. */
  readonly askSecret?: ((question: string) => Promise<string>) | undefined;
}

/** Why the program is to end early. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Writes as fast as it is read: what is big must not pile up in memory because a pager waits. */
export async function write({ signal }: Pick<Io, 'signal'>, output: Output, chunk: string | Uint8Array): Promise<void> {
  signal.throwIfAborted();
  if (chunk.length === 0 || output.write(chunk)) return;
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    output.once('drain', () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
  });
}
