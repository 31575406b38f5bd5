import { expect, it } from 'vitest';
import { checkPurity } from './purity.ts';

function check(source: string, file = 'pure/policy.ts'): string[] {
  return checkPurity(new Map([[file, source]]), ['pure/']).map(({ line, message }) => `${line}: ${message.split(':')[0]}`);
}

it.each([
  ['a clock', 'export const now = () => Date.now();', '1: Date.now'],
  ['today', '\nexport const today = () => new Date();', '2: new Date'],
  ['a timer', 'setTimeout(() => {}, 1);', '1: setTimeout()'],
  ['chance', 'export const x = Math.random();', '1: Math.random'],
  ['a promise', 'export const x = Promise.resolve(1);', '1: Promise'],
  ['a new promise', 'export const x = new Promise(() => {});', '1: new Promise'],
  ['an async function', 'export async function x() {}', '1: an async function'],
  ['an async method', 'export class A { async x() {} }', '1: an async function'],
  ['an async arrow', 'export const x = async () => {};', '1: an async function'],
  ['the environment', 'export const x = process.env.X;', '1: process.env'],
  ['files', "import { readFile } from 'node:fs/promises'; void readFile;", '1: node'],
])('refuses %s', (_, source, expected) => {
  expect(check(source)).toEqual([expected]);
});

it('takes what is only named: in types, in other files, in tests', () => {
  expect(check("import type { Socket } from 'node:net'; export type A = Promise<Socket>; export const at = Date.parse('x');")).toEqual([]);
  expect(check('Date.now();', 'other/x.ts')).toEqual([]);
  expect(check('Date.now();', 'pure/x.test.ts')).toEqual([]);
});
