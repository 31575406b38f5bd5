/**
 * Which request body sends next.
 *
 * Bodies that have something to send and a window to send it in stand in a ring. Each turn sends one frame of one body, so
 * that they share the connection frame by frame. A body that waits for its caller or for its own window is not in the ring:
 * it holds nobody up. When the connection's window is used up or the sink is full, the ring stands still where it is.
 */
import type { FrameWriter } from './frame-writer.ts';
import { SendWindow } from './flow-control.ts';
import type { OutboundBody } from './outbound-body.ts';

export interface SchedulerOwner<Owner> {
  /** The last octet was sent, without END_STREAM where there are trailers: those are the owner's. */
  onBodySent(body: OutboundBody<Owner>): void;
  onRoom(body: OutboundBody<Owner>): void;
  onDataSent(octets: number): void;
}

/** Octets that a body may have queued before its caller is told to stop. */
const queueLimit = 65_536;

export class SendScheduler<Owner> {
  readonly connectionWindow: SendWindow;
  readonly #writer: FrameWriter;
  readonly #owner: SchedulerOwner<Owner>;
  /** The body whose turn is next. */
  #turn: OutboundBody<Owner> | null = null;

  constructor(writer: FrameWriter, owner: SchedulerOwner<Owner>, connectionWindow: number) {
    this.#writer = writer;
    this.#owner = owner;
    this.connectionWindow = new SendWindow(connectionWindow);
  }

  /** Could a pump send anything? */
  get isReady(): boolean {
    return this.#turn !== null && this.connectionWindow.available > 0 && !this.#writer.isBlocked;
  }

  /** Takes a chunk; returns false when the caller should wait for `onRoom`. */
  enqueue(body: OutboundBody<Owner>, chunk: Uint8Array): boolean {
    if (chunk.length > 0) {
      body.push(chunk);
      this.consider(body);
    }
    if (body.queued < queueLimit) return true;
    body.isCallerWaiting = true;
    return false;
  }

  /** Something about it has changed: puts it into the ring if it can send now, and takes it out if it can't any more. */
  consider(body: OutboundBody<Owner>): void {
    if (body.queued === 0 || body.window.available <= 0) {
      this.#leave(body);
      return;
    }
    if (body.next !== null) return;
    const turn = this.#turn;
    if (turn === null) {
      body.next = body;
      body.previous = body;
      this.#turn = body;
      return;
    }
    // Last in the round.
    const last = turn.previous!;
    last.next = body;
    body.previous = last;
    body.next = turn;
    turn.previous = body;
  }

  /** Takes it out of the ring; what it has queued is dropped. */
  abandon(body: OutboundBody<Owner>): void {
    this.#leave(body);
    body.discard();
  }

  /** Sends while anything can be sent. */
  pump(): void {
    while (this.isReady) {
      const body = this.#turn!;
      const offset = body.offset;
      const chunk = body.chunk;
      const length = Math.min(chunk.length - offset, this.#writer.maxFrameSize, body.window.available, this.connectionWindow.available);
      body.window.take(length);
      this.connectionWindow.take(length);
      const isLast = body.isComplete && body.queued === length;
      this.#writer.data(body.streamId, chunk, offset, offset + length, isLast && body.trailers === null);
      body.sent(length);
      if (body.queued === 0 || body.window.available <= 0) this.#leave(body);
      else this.#turn = body.next;
      this.#owner.onDataSent(length);
      if (isLast) this.#owner.onBodySent(body);
      else if (body.isCallerWaiting && body.queued * 2 < queueLimit) {
        body.isCallerWaiting = false;
        this.#owner.onRoom(body);
      }
    }
  }

  #leave(body: OutboundBody<Owner>): void {
    if (body.next === null) return;
    if (body.next === body) {
      this.#turn = null;
    } else {
      body.previous!.next = body.next;
      body.next.previous = body.previous;
      if (this.#turn === body) this.#turn = body.next;
    }
    body.next = null;
    body.previous = null;
  }
}
