/** What may follow what in the life of an exchange; see the picture in `exchange.ts`. */
export type ExchangeState = 'queued' | 'awaiting' | 'streaming' | 'ended';
export type ExchangeEvent = 'assign' | 'replay' | 'head' | 'end' | 'fail';

export const exchangeTransitions: Readonly<Record<ExchangeState, Readonly<Partial<Record<ExchangeEvent, ExchangeState>>>>> = {
  queued: { assign: 'awaiting', fail: 'ended' },
  awaiting: { head: 'streaming', replay: 'queued', fail: 'ended' },
  streaming: { end: 'ended', fail: 'ended' },
  ended: {},
};
