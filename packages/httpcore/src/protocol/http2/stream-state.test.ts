import { describe, expect, it } from 'vitest';

import { Illegal, StreamEvent, StreamState, transition } from './stream-state.ts';

const outcomes = new Map<number, string>([
  ...Object.entries(StreamState).map(([name, value]): [number, string] => [value, name.toLowerCase().replaceAll('_', ' ')]),
  ...Object.entries(Illegal).map(([name, value]): [number, string] => [value, `! ${name.toLowerCase().replaceAll('_', ' ')}`]),
]);

/** What may happen in each state, written from RFC 9113 §5.1 and not from the table. */
const expected: Readonly<Record<keyof typeof StreamState, Readonly<Partial<Record<keyof typeof StreamEvent, string>>>>> = {
  IDLE: {
    SEND_HEADERS: 'open',
    RECEIVE_HEADERS: '! connection protocol error',
    RECEIVE_DATA: '! connection protocol error',
    RECEIVE_END_STREAM: '! connection protocol error',
    RECEIVE_WINDOW_UPDATE: '! connection protocol error',
    RECEIVE_RESET: '! connection protocol error',
  },
  OPEN: {
    SEND_HEADERS: 'open',
    SEND_DATA: 'open',
    SEND_END_STREAM: 'half closed local',
    SEND_RESET: 'closed',
    RECEIVE_HEADERS: 'open',
    RECEIVE_DATA: 'open',
    RECEIVE_END_STREAM: 'half closed remote',
    RECEIVE_WINDOW_UPDATE: 'open',
    RECEIVE_RESET: 'closed',
  },
  HALF_CLOSED_LOCAL: {
    SEND_RESET: 'closed',
    RECEIVE_HEADERS: 'half closed local',
    RECEIVE_DATA: 'half closed local',
    RECEIVE_END_STREAM: 'closed',
    RECEIVE_WINDOW_UPDATE: 'half closed local',
    RECEIVE_RESET: 'closed',
  },
  HALF_CLOSED_REMOTE: {
    SEND_HEADERS: 'half closed remote',
    SEND_DATA: 'half closed remote',
    SEND_END_STREAM: 'closed',
    SEND_RESET: 'closed',
    RECEIVE_HEADERS: '! stream closed',
    RECEIVE_DATA: '! stream closed',
    RECEIVE_END_STREAM: '! stream closed',
    RECEIVE_WINDOW_UPDATE: 'half closed remote',
    RECEIVE_RESET: 'closed',
  },
  CLOSED: {
    RECEIVE_HEADERS: '! stream closed',
    RECEIVE_DATA: '! stream closed',
    RECEIVE_END_STREAM: '! stream closed',
    RECEIVE_WINDOW_UPDATE: '! ignored',
    RECEIVE_RESET: '! ignored',
  },
};

describe('the states of a stream', () => {
  for (const [state, number] of Object.entries(StreamState)) {
    it.each(Object.entries(StreamEvent))(`${state.toLowerCase().replaceAll('_', ' ')}: %s`, (event, eventNumber) => {
      const name = expected[state as keyof typeof StreamState][event as keyof typeof StreamEvent] ?? '! local';
      expect(outcomes.get(transition(number, eventNumber))).toBe(name);
    });
  }
});
