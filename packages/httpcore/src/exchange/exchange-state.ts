import { StateMachine } from '../model/state-machine.ts';

/** What may follow what in the life of an exchange; see the picture in `exchange.ts`. */
type ExchangeState = 'queued' | 'awaiting' | 'streaming' | 'ended';
type ExchangeEvent = 'assign' | 'replay' | 'head' | 'end' | 'fail';

export const exchangeMachine: StateMachine<ExchangeState, ExchangeEvent> = new StateMachine('Exchange', {
  queued: { assign: 'awaiting', fail: 'ended' },
  awaiting: { head: 'streaming', replay: 'queued', fail: 'ended' },
  streaming: { end: 'ended', fail: 'ended' },
  ended: {},
});

/** Who ends an exchange: its caller's side (abort, a limit, a mistake), its connection, or who has it while it is queued. */
export type EndedBy = 'caller' | 'connection' | 'owner';

/** Who is told of it: whoever has the exchange at that moment, unless it was they who ended it. */
export const toldOf: Readonly<Record<EndedBy, Readonly<Record<'queued' | 'carried', 'owner' | 'carrier' | 'nobody'>>>> = {
  caller: { queued: 'owner', carried: 'carrier' },
  connection: { queued: 'nobody', carried: 'nobody' },
  owner: { queued: 'nobody', carried: 'nobody' },
};
