import { randomBytes } from 'node:crypto';

// Of this process, and made when it is first needed: what a snapshot of the process is started from has none.
let process = '';
let last = 0;

/** For one response among all of a store, whoever else writes into it. */
export function newResponseId(): string {
  if (process === '') process = randomBytes(12).toString('base64url');
  last += 1;
  return `${process}-${last}`;
}
