/** One request to look at: what the network did for it, and what came back. */
import type { AnyResponse, Client, TraceEvents } from '@x/client';

export type Event = {
  [Name in keyof TraceEvents]: { readonly name: Name; readonly at: number; readonly detail: TraceEvents[Name] };
}[keyof TraceEvents];

export interface Look {
  readonly events: readonly Event[];
  readonly response: AnyResponse | undefined;
  readonly error: unknown;
  /** Was the body read to its end? A connection can be used again only then. */
  readonly isWhole: boolean;
}

/** Of a body that does not end, so much is enough. */
const ENOUGH = 1024 * 1024;

/** @param cache `no-store` asks the network, whatever is kept. */
export async function look(client: Client, url: string, signal: AbortSignal, cache: 'default' | 'no-store'): Promise<Look> {
  const events: Event[] = [];
  let response: AnyResponse | undefined;
  let isWhole = false;
  try {
    await using streamed = await client.stream('GET', url, {
      signal,
      cache,
      trace: (name, at, detail) => void events.push({ name, at, detail } as Event),
    });
    response = streamed;
    let received = 0;
    for await (const chunk of streamed) {
      received += chunk.length;
      if (received > ENOUGH) break;
    }
    isWhole = received <= ENOUGH;
    return { events, response, error: undefined, isWhole };
  } catch (error) {
    signal.throwIfAborted();
    return { events, response, error, isWhole };
  }
}

export function eventsOf<Name extends Event['name']>({ events }: Look, name: Name): readonly Extract<Event, { readonly name: Name }>[] {
  return events.filter((event): event is Extract<Event, { readonly name: Name }> => event.name === name);
}
