import type { Connection } from '../connection/connection.ts';
import type { HttpCoreError, SlotHolder } from '../contract/errors.ts';
import type { BodyMemory } from '../exchange/body-memory.ts';
import type { Dial, DialRequest } from '../dial/dial.ts';
import type { Clock } from '../time/clock.ts';
import type { Coalescing } from './coalescing.ts';
import type { KeepAliveLimits } from './keep-alive-estimate.ts';
import type { Learnt } from './learnt.ts';
import type { Lifetimes } from './lifetimes.ts';

/** What a peer needs of the whole pool. */
export interface PeerOwner<Owned> {
  readonly clock: Clock;
  readonly memory: BodyMemory;
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  /** Of connections that are shared, and take new requests. */
  readonly maxSharedConnections: number;
  /** How many requests a connection of HTTP/1.1 carries at once. */
  readonly pipelining: number;
  readonly keepAlive: KeepAliveLimits;
  readonly lifetimes: Lifetimes;
  readonly closing: boolean;
  readonly learnt: Learnt;
  /** `null`: no connection is shared between origins. */
  readonly coalescing: Coalescing | null;
  /** Slots that are free. */
  readonly room: number;
  /** A dial has made a connection. Returns whether it is one to use. */
  onMade(peer: Owned, connection: Connection): boolean;
  /** Each connection is made for one request, to be called on its behalf: an application. */
  readonly callsForRequests: boolean;
  /** It calls back and is watched by `watcher`. */
  dial(peer: Owned, watcher: Pick<DialRequest, 'trace' | 'inContext'>): Dial<Connection>;
  /** A slot was taken or given back. */
  onSlotTaken(peer: Owned): void;
  onSlotFreed(peer: Owned): void;
  /** A connection of this peer is closed: its slot is free. */
  onClosed(peer: Owned, connection: Connection, error: HttpCoreError | undefined): void;
  /** This origin would dial if there were room: make some, now or when there is. */
  onRoomWanted(peer: Owned): void;
  /** A connection of this peer has nothing to do for the moment: should another peer have its room? */
  shouldYield(peer: Owned, connection: Connection): boolean;
  /** A connection of this peer is busy, without end perhaps: should it take nothing new, and another peer have its room then? */
  shouldLeave(peer: Owned, connection: Connection): boolean;
  /** A connection became idle. */
  onIdle(connection: Connection): void;
  onDeadline(at: number): void;
  /** It may have been empty, and forgotten, a moment before. */
  onWaiting(peer: Owned): void;
  onEmpty(peer: Owned): void;
  /** The exchanges that have what one of this peer waits for, the longest there first; as many as an error names. */
  holders(peer: Owned, now: number): readonly SlotHolder[];
}
