/** What the origin says anew of a response that is stored: in a 304 (RFC 9111 §4.3.4), or in the answer to a HEAD (§4.3.5). */
import type { HeaderPair } from '@x/httpcore';

import type { CacheRequest } from '../cache-request.ts';
import { fieldValue, hasField, withoutFields } from '../rules/fields.ts';
import type { Moments } from '../rules/freshness.ts';
import { responseFacts } from '../rules/response-facts.ts';
import { whyNotStorable } from '../rules/storability.ts';
import { controlOf } from '../rules/targeted-fields.ts';
import { describesStored, freshenedFields } from '../rules/validation.ts';
import { selectingFields } from '../rules/vary.ts';
import type { StoredResponse } from '../store/store.ts';
import type { CacheCore } from './cache-core.ts';
import { dated, mostTags, partitionOf, tagsOf, tooManyTags, usefulUntil } from './storable.ts';

export interface Freshened {
  /** For whoever has asked: with all that the origin has sent. */
  readonly headers: readonly HeaderPair[];
  /** For the store. */
  readonly stored: StoredResponse;
  /** Why it must not stay in the store after all. */
  readonly whyNot: string | null;
}

// Of the method, or of the moment, and nothing of what a GET would bring.
const saysNothing = new Set([405, 408, 421, 425, 429]);
const ofOneUser = new Set(['set-cookie']);

export function freshened(
  core: CacheCore,
  request: CacheRequest,
  old: StoredResponse,
  fields: readonly HeaderPair[],
  moments: Moments,
): Freshened {
  const { settings } = core;
  const received = dated(fields, moments.receivedAt);
  // A cookie is for whoever has asked. What others get too keeps none.
  const forStore = old.partition === '*' || settings.shared ? withoutFields(received, ofOneUser) : received;
  const headers = freshenedFields(old.headers, received);
  const kept = forStore === received ? headers : freshenedFields(old.headers, forStore);
  const facts = responseFacts(kept);
  const control = controlOf(kept, facts, settings.targetedFields);
  const updated: StoredResponse = {
    ...old,
    headers: kept,
    requestedAt: moments.requestedAt,
    receivedAt: moments.receivedAt,
    selecting: hasField(received, 'vary') ? selectingFields(fieldValue(kept, 'vary'), request.headers, core.conceal) : old.selecting,
    // It may have become one for this user alone; what was, stays so.
    partition: old.partition === '*' ? partitionOf(settings, request, old.status, control.directives) : old.partition,
    tags: tagsOf(kept, settings.tagField),
  };
  return {
    headers,
    stored: { ...updated, usefulUntil: usefulUntil(core.policyOf(updated), moments.receivedAt) },
    whyNot:
      updated.tags.length > mostTags
        ? tooManyTags
        : whyNotStorable({ status: old.status, facts, control, isAuthorized: request.isAuthorized, shared: settings.shared }),
  };
}

/** The answer to a HEAD freshens what is stored, or shows that it has changed. */
export async function learnFromHead(
  core: CacheCore,
  request: CacheRequest,
  stored: StoredResponse | undefined,
  status: number,
  fields: readonly HeaderPair[],
  moments: Moments,
): Promise<void> {
  if (stored === undefined || status >= 500 || status === 304 || saysNothing.has(status)) return;
  if (status === stored.status && describesStored(fields, stored.headers)) {
    const { stored: updated, whyNot } = freshened(core, request, stored, fields, moments);
    if (whyNot === null) {
      await core.store.update(request.key, updated);
      return;
    }
  }
  await core.store.delete(request.key, [stored.id]);
}
