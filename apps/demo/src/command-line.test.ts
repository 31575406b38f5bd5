import { expect, test } from 'vitest';
import { readCommandLine, usage } from './command-line.ts';

const names = ['get', 'post'];

test('all jobs, honestly, unless told otherwise', () => {
  expect(readCommandLine([], names)).toEqual({ help: false, corrupt: false, quick: false, only: undefined, svg: undefined });
  expect(readCommandLine(['--corrupt', '--quick', '--only', 'get', '--only=post', '--svg', 'pictures', '-h'], names)).toEqual({
    help: true,
    corrupt: true,
    quick: true,
    only: ['get', 'post'],
    svg: 'pictures',
  });
});

test('what is not known is refused', () => {
  expect(() => readCommandLine(['--only', 'put'], names)).toThrow("No job is named 'put'; there are get, post");
  expect(() => readCommandLine(['--fast'], names)).toThrow(TypeError);
  expect(() => readCommandLine(['get'], names)).toThrow(TypeError);
});

test('usage names every job', () => {
  expect(
    usage([
      { name: 'get', title: 'A GET' },
      { name: 'upload', title: 'An upload' },
    ]),
  ).toMatch(/ {2}get {5}A GET\n {2}upload {2}An upload\n$/u);
});
