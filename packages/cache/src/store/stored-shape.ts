/** Is what a store has given a stored response? A third party's store, or another make of it, may give anything. */
import type { StoredResponse } from './store.ts';

type Shape = { readonly [Name in keyof StoredResponse]: (value: unknown) => boolean };

const isText = (value: unknown): boolean => typeof value === 'string';
const isMoment = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);

function isListOf(isMember: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every((member) => isMember(member));
}

function isPair(isSecond: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.length === 2 && isText(value[0]) && isSecond(value[1]);
}

const shape: Shape = {
  id: isText,
  url: isText,
  status: (value) => Number.isInteger(value) && (value as number) >= 200 && (value as number) <= 999,
  reason: isText,
  httpVersion: isText,
  headers: isListOf(isPair(isText)),
  selecting: isListOf(isPair(isTextOrNull)),
  partition: isText,
  requestedAt: isMoment,
  receivedAt: isMoment,
  part: (value) => value === null || isRange(value),
  askedRange: isTextOrNull,
  tags: isListOf(isText),
  usefulUntil: isMoment,
  length: isCount,
};
const names = Object.keys(shape) as (keyof StoredResponse)[];

export function isStoredResponse(value: unknown): value is StoredResponse {
  return typeof value === 'object' && value !== null && names.every((name) => shape[name]((value as StoredResponse)[name]));
}

function isRange(value: unknown): boolean {
  const { first, last, complete } = (value ?? {}) as Partial<Record<string, unknown>>;
  return isCount(first) && isCount(last) && (complete === null || isCount(complete));
}
