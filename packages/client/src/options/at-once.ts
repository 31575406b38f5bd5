/** What a function of the caller's gives where there is nobody to wait for it. */
import { InvalidOption } from '../errors.ts';

/** @throws {InvalidOption} it is a promise, whose failure is dropped: it would be nobody's, and end the process. */
export function givenAtOnce<Given>(option: string, given: Given, problem: string): Given {
  const { then } = Object(given) as Partial<PromiseLike<unknown>>;
  if (typeof then !== 'function') return given;
  then.call(given, undefined, () => {});
  throw new InvalidOption(option, problem);
}
