/** Schemas of whatever library, by what they have in common (https://standardschema.dev). */
import { ClientError } from '../errors.ts';
import { shownBeginning } from '../redact.ts';
import { about } from '../request/about.ts';
import type { Request } from '../request/request.ts';

/** A schema of Zod, Valibot, ArkType and others: anything with the Standard Schema interface, version 1. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

/** What a schema says of a value: the value, or issues. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** What a schema finds wrong. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

const shownIssues = 5;

/**
 * The JSON of a response is not what the schema asks for (`SCHEMA_MISMATCH`).
 *
 * @example
 * try {
 *   user = await response.json(User);
 * } catch (error) {
 *   if (error instanceof SchemaMismatch) for (const { message } of error.issues) console.warn(message);
 *   else throw error;
 * }
 */
export class SchemaMismatch extends ClientError {
  override readonly name = 'SchemaMismatch';
  /** What the schema says; the message has the first five. Not enumerable, since it may quote the body at length. */
  declare readonly issues: readonly SchemaIssue[];

  constructor(issues: readonly SchemaIssue[]) {
    const shown = issues.slice(0, shownIssues).map((issue) => `at ${where(issue)}: ${shownBeginning(String(issue.message))}`);
    const more = issues.length > shownIssues ? `; and ${issues.length - shownIssues} more` : '';
    super(`The JSON does not match the schema, ${shown.join('; ')}${more}`, {}, 'SCHEMA_MISMATCH');
    Object.defineProperty(this, 'issues', { value: issues, enumerable: false });
  }
}

/**
 * Of the response to `request`.
 * @throws {SchemaMismatch}
 */
export async function matching<Output>(value: unknown, schema: StandardSchema<Output>, request: Request): Promise<Output> {
  const result = await schema['~standard'].validate(value);
  if (result.issues !== undefined) throw about(new SchemaMismatch(result.issues), request);
  return result.value;
}

/** Names, which are those of the schema for the most part, and never the values. */
function where(issue: SchemaIssue | undefined): string {
  const keys = (issue?.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return keys.length === 0 ? 'its root' : JSON.stringify(keys.join('.').slice(0, 100));
}
