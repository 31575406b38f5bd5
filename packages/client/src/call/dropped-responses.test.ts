import { describe, expect, it } from 'vitest';

import { DroppedResponses } from './dropped-responses.ts';

function world() {
  const told: string[] = [];
  const minutes: (() => void)[] = [];
  const dropped = new DroppedResponses(
    (message) => void told.push(message),
    (callback, milliseconds) => {
      expect(milliseconds).toBe(60_000);
      minutes.push(callback);
    },
  );
  let shown = 0;
  const drop = (count: number): void => {
    for (let number = 1; number <= count; number += 1) {
      dropped.onDropped(() => {
        shown += 1;
        return `GET /${number}`;
      });
    }
  };
  return { told, minutes, drop, shown: () => shown };
}

describe('responses that are dropped', () => {
  it('are told of one by one while they are few, in any number of minutes', () => {
    const { told, minutes, drop } = world();
    for (let minute = 1; minute <= 3; minute += 1) {
      drop(9);
      expect([told.length, minutes.length]).toEqual([9 * minute, minute]);
      minutes.at(-1)!();
    }
    expect(told).toHaveLength(27);
    expect(told[8]).toMatch(/^The response to GET \/9 was dropped .* Read it, close it, or let "await using" close it$/);
  });

  it('are counted where they are many: ten thousand are eleven lines, and one timer', () => {
    const { told, minutes, drop, shown } = world();
    drop(10_000);
    expect([told.length, shown(), minutes.length]).toEqual([10, 10, 1]);
    expect(told[9]).toMatch(/GET \/10 was dropped.*\. Further ones are counted, and told of once a minute$/);
    minutes[0]!();
    expect(told.slice(10)).toEqual([expect.stringMatching(/^9990 more responses were dropped in the last minute/)]);
    drop(11);
    minutes[1]!();
    expect(told).toHaveLength(22);
    expect(told.at(-1)).toMatch(/^1 more response was dropped/);
  });
});
