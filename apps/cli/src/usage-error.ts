/** Something that was said can not be understood, or not be done: exit code 2, and no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
