/** Standard input as a body: where nobody writes to it, somebody should be told what is waited for. */
import type { Io } from '../io.ts';
import type { Screen } from '../output/screen.ts';
import type { BodyPlan } from '../plan/plan.ts';

const PATIENCE = 2_000;

/** The same surroundings, with an input that tells of its silence on a terminal. */
export function shownInput(body: BodyPlan, { io, note }: Screen): Io {
  if (body.kind !== 'stdin' || io.stderr.isTTY !== true || io.stdinKind === 'terminal') return io;
  return { ...io, stdin: impatient(io.stdin, () => note('xhttp: waiting for a body on standard input; --ignore-stdin sends none')) };
}

async function* impatient(input: Io['stdin'], tell: () => void): Io['stdin'] & AsyncGenerator<Uint8Array | string> {
  const timer = setTimeout(tell, PATIENCE);
  timer.unref();
  try {
    for await (const chunk of input) {
      clearTimeout(timer);
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}
