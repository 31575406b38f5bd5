import { longestTimer } from './clock.ts';
import { clearTimeout, now, setImmediate, setTimeout } from './platform.ts';

/** A timer that fires this much too late, in milliseconds, says that the event loop was blocked. */
const blockedAfter = 50;
/** The most time that a limit gets back for what the loop was blocked. */
const longestGrace = 1_000;

/**
 * Calls `passed` when a limit of so many milliseconds has passed, and gives what calls that off.
 *
 * A program may have blocked the event loop for longer than that, and what was waited for lies in a socket that nobody has looked at. So a limit that is
 * late is judged only once the sockets have been read, and it has been waited again for as long as it was late; as those of connections are.
 */
export function onceIn(milliseconds: number, passed: () => void): () => void {
  let dueAt = now() + Math.max(0, milliseconds);
  let isOver = false;
  let isGrace = false;
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    timer = setTimeout(look, Math.min(Math.max(0, dueAt - now()), longestTimer));
  };
  const judge = (): void => {
    if (isOver) return;
    if (now() < dueAt) wait();
    else passed();
  };
  const look = (): void => {
    const late = now() - dueAt;
    if (late < blockedAfter) {
      judge();
      return;
    }
    if (!isGrace) dueAt += late + Math.min(late, longestGrace);
    isGrace = true;
    setImmediate(judge);
  };
  wait();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
