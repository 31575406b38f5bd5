import { describe, expect, test } from 'vitest';
import { allScenarios, scenarioById } from './scenarios/registry.ts';
import { listing, narrow, readOptions, UsageError } from './options.ts';

const read = (...args: readonly string[]): ReturnType<typeof readOptions> => readOptions(args, '/home');

describe('the command line', () => {
  test('without options means everything', () => {
    expect(read()).toMatchObject({ from: [], json: null, svg: null, readme: false, check: false, nodePath: null });
    expect(read().scenarios.map(({ id }) => id)).toEqual(allScenarios().map(({ id }) => id));
  });

  test('chooses scenarios and contenders, by commas or by repeating', () => {
    const { scenarios } = read('--scenario', 'h1-small,upload', '--scenario', 'import', '--contender', 'dispatch,undici-stream');
    expect(scenarios.map(({ id, contenders }) => [id, contenders.map((contender) => contender.id)])).toEqual([
      ['h1-small', ['dispatch']],
      ['upload', ['dispatch', 'undici-stream']],
      ['import', ['dispatch']],
    ]);
  });

  test('leaves out scenarios in which none of the contenders takes part', () => {
    expect(read('--contender', 'undici-stream').scenarios.map(({ id }) => id)).toEqual(['download', 'upload']);
  });

  test('takes paths relative to where it was given', () => {
    const options = read('--json', 'out.json', '--svg', '/tmp/out.svg', '--from', 'a.json', '--from', 'b.json', '--node-path', 'bin/node');
    expect(options).toMatchObject({
      json: '/home/out.json',
      svg: '/tmp/out.svg',
      from: ['/home/a.json', '/home/b.json'],
      nodePath: '/home/bin/node',
    });
  });

  test.each([
    [['--scenario', 'h9-huge'], 'There is no scenario "h9-huge". There are: h1-small'],
    [['--contender', 'nobody'], 'None of these contenders takes part: nobody'],
    [['--rounds', '0'], '--rounds takes a whole number'],
    [['--requests', 'many'], '--requests takes a whole number'],
    [['--node', '24'], '--node-path'],
    [['--colour'], '--colour'],
  ])('is refused when it says %j', (args, message) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(message);
  });
});

describe('a narrowed scenario', () => {
  test('makes no more requests in its warm-up than in its window', () => {
    const scenario = narrow(scenarioById('h1-small'), { contenders: null, rounds: 2, requests: 500 });
    expect(scenario).toMatchObject({ rounds: 2, warmup: { requests: 500 }, window: { requests: 500 } });
  });

  test('keeps its own warm-up when more is asked for', () => {
    const { warmup } = scenarioById('download') as { warmup: { requests: number } } & ReturnType<typeof scenarioById>;
    expect(narrow(scenarioById('download'), { contenders: null, rounds: null, requests: 1_000 })).toMatchObject({ warmup });
  });

  test('of memory takes the number as its total', () => {
    expect(narrow(scenarioById('memory'), { contenders: null, rounds: 9, requests: 5_000 })).toMatchObject({ rounds: 1, requests: 5_000 });
  });
});

describe('every scenario', () => {
  test.each(allScenarios())('$id compares with contenders that it has', ({ contenders, references }) => {
    const ids = contenders.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    // Memory is compared with nothing.
    const compared = ids.length === 1 ? [] : [references.floor, references.dispatch, references.client].filter((id) => id !== null);
    for (const id of compared) expect(ids).toContain(id);
  });

  test('is listed', () => {
    for (const { id } of allScenarios()) expect(listing()).toContain(`  ${id} `);
  });
});
