/** What a request to the origin says beside what its caller has said: which stored bytes there are, and need not be sent. */
import type { HeaderPair } from '@x/httpcore';

import type { CacheRequest } from '../cache-request.ts';
import { noFields } from '../rules/fields.ts';
import { rangeBehind } from '../rules/ranges.ts';
import { conditionalFields, strongTag } from '../rules/validation.ts';
import type { Basis } from './fetch.ts';

/** What makes the request conditional, or one for the bytes that are missing. */
export function addedFields({ stored, siblings, beginning }: Basis, request: CacheRequest): readonly HeaderPair[] {
  if (request.mode === 'reload') return noFields;
  if (beginning !== undefined) return [rangeBehind(beginning.part!), ['if-range', strongTag(beginning.headers)!]];
  if (stored === undefined && siblings.length === 0) return noFields;
  // The answer to a HEAD that is conditional would say less; the caller's own preconditions go on beside ours.
  const asked = stored === undefined ? siblings : [stored];
  const fields = conditionalFields(asked.map(({ headers }) => headers));
  if (!request.isConditional) return fields;
  return request.headers.some(([name]) => name.toLowerCase() === 'if-none-match') ? joinedTags(request, fields) : noFields;
}

function joinedTags({ headers }: CacheRequest, fields: readonly HeaderPair[]): readonly HeaderPair[] {
  const own = fields.find(([name]) => name === 'if-none-match')?.[1];
  if (own === undefined) return noFields;
  const asked = headers.filter(([name]) => name.toLowerCase() === 'if-none-match').map(([, value]) => value);
  return asked.includes('*') ? noFields : [['if-none-match', [...new Set([...asked, own])].join(', ')]];
}
