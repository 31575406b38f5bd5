import { InvalidOption } from '../errors.ts';
import type { Auth, AuthInput } from './auth.ts';
import { BasicAuth } from './basic.ts';

/** @throws {InvalidOption} it is none of the forms. */
export function readAuth(input: AuthInput, option = 'auth'): Auth {
  if (typeof input === 'function') return { authFlow: input };
  if (isPair(input)) return new BasicAuth(input[0], input[1]);
  if (typeof input === 'object' && input !== null && 'authFlow' in input && typeof input.authFlow === 'function') return input;
  throw new InvalidOption(option, 'must be [user, password], an object with authFlow(), a generator function, or null');
}

function isPair(input: AuthInput): input is readonly [user: string, password: string] {
  return Array.isArray(input) && input.length === 2;
}
