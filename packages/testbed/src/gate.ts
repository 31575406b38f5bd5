/**
 * A gate that a test opens when it wants a server to go on: what a sleep would only make likely, a gate makes certain.
 *
 * @example
 * const gate = createGate();
 * const server = await startServer('slow', { head: gate });
 * // ... the response head is held back ...
 * gate.open();
 */
export interface Gate {
  /** Resolves once the gate is open; never rejects. */
  readonly opened: Promise<void>;
  readonly isOpen: boolean;
  /** Opens it for good. Opening twice is the same as once. */
  open(): void;
}

export function createGate(): Gate {
  let isOpen = false;
  let release!: () => void;
  const opened = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    opened,
    get isOpen() {
      return isOpen;
    },
    open() {
      isOpen = true;
      release();
    },
  };
}
