/** What the pool notes of each connection, in the connection itself: nothing is looked up. Times are clock milliseconds. */
export class PoolNotes {
  /** Is it in the list of connections with capacity? */
  listed: boolean = false;
  /** Did it become idle a moment ago? */
  isNewlyIdle: boolean = false;
  /** From when on it takes nothing new. */
  retiresAt: number = Infinity;
  /** When it closes while it is idle. */
  expiresAt: number = Infinity;
  /** After how many idle milliseconds it is used again, where that says something of its server; else 0. */
  keptFor: number = 0;
}
