/** What an API says of an error, in the form that all may know (RFC 9457). */
import { mediaType } from '../request/fields/media-type.ts';

/** Each member is there if the server gave it with the type that it should have; members of its own kind stand in `extensions`. */
export interface Problem {
  /** A URI that names the kind of problem; `about:blank` when the status says it all. */
  readonly type: string;
  readonly title: string | undefined;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly instance: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;
}

const members = new Set(['type', 'title', 'status', 'detail', 'instance']);

export function isProblemType(contentType: string | undefined): boolean {
  return contentType !== undefined && mediaType(contentType)?.essence === 'application/problem+json';
}

/** `undefined` for what is no object. */
export function toProblem(value: unknown): Problem | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const given = new Map(Object.entries(value));
  const text = (name: string): string | undefined => {
    const said: unknown = given.get(name);
    return typeof said === 'string' ? said : undefined;
  };
  const status: unknown = given.get('status');
  return {
    type: text('type') ?? 'about:blank',
    title: text('title'),
    status: typeof status === 'number' && Number.isInteger(status) ? status : undefined,
    detail: text('detail'),
    instance: text('instance'),
    extensions: Object.fromEntries([...given].filter(([name]) => !members.has(name))),
  };
}
