/** What a response is to a download that has asked for the rest of a file: a pure decision. */
import { RemoteProtocolError } from '@x/httpcore';

import { findHeader } from '../../request/fields/header-input.ts';
import type { AnyResponse } from '../any-response.ts';
import { announcedLength, contentRange, strongValidator } from './representation.ts';

/** What is here of a representation. */
export interface PartState {
  /** Bytes. */
  readonly size: number;
  /** Bytes of the whole, where they are known. */
  readonly total: number | undefined;
  readonly validator: string;
}

export type RestAnswer =
  /** Bytes that follow those that are here, up to and including `last`. */
  | { readonly is: 'the rest'; readonly last: number; readonly total: number | undefined }
  /** All of the same representation: the server gives no parts. */
  | { readonly is: 'the same' }
  /** All of another one, or of one that nobody can tell. */
  | { readonly is: 'another' }
  /** What is here is all that there is. */
  | { readonly is: 'no more' }
  /** The server contradicts itself, or counts in another way. */
  | { readonly is: 'unusable' }
  /** An error that stays. */
  | { readonly is: 'refused' };

const unusable: RestAnswer = Object.freeze({ is: 'unusable' });

/** For a final status that says nothing of trying again later. */
export function restAnswer(response: AnyResponse & { readonly encoded?: unknown }, part: PartState): RestAnswer {
  switch (response.status) {
    case 200:
      return isSame(response, part) ? { is: 'the same' } : { is: 'another' };
    case 206:
      return ofPart(response, part);
    case 416:
      return unsatisfiedSize(response) === part.size && part.total === undefined && isNotAnother(response, part)
        ? { is: 'no more' }
        : unusable;
    default:
      return { is: 'refused' };
  }
}

function isSame(response: AnyResponse & { readonly encoded?: unknown }, { total, validator }: PartState): boolean {
  if (response.encoded !== undefined || strongValidator(response) !== validator) return false;
  return total === undefined || (announcedLength(response) ?? total) === total;
}

function ofPart(response: AnyResponse, part: PartState): RestAnswer {
  const range = contentRange(response);
  const coding = findHeader(response.rawHeaders, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (range === undefined || range.first !== part.size || coding !== 'identity' || !isNotAnother(response, part)) return unusable;
  const { first, last, size } = range;
  const length = announcedLength(response);
  if (length !== undefined && length !== last - first + 1) return unusable;
  if (part.total !== undefined && (last >= part.total || (size ?? part.total) !== part.total)) return unusable;
  return { is: 'the rest', last, total: part.total ?? size };
}

/** Does it name no other validator? It need not name any. */
function isNotAnother({ rawHeaders }: AnyResponse, { validator }: PartState): boolean {
  const named = findHeader(rawHeaders, validator.startsWith('"') ? 'etag' : 'last-modified');
  return named === undefined || named === validator;
}

/** What a 416 says of the length of the whole, in its `Content-Range` (RFC 9110 §14.4). */
function unsatisfiedSize({ rawHeaders }: AnyResponse): number | undefined {
  const match = /^bytes \*\/(\d+)$/i.exec(findHeader(rawHeaders, 'content-range')?.trim() ?? '');
  return match === null ? undefined : Number(match[1]);
}

/** The error for a response that brought more or less than it says. */
export function ofAnotherLength({ status }: AnyResponse): RemoteProtocolError {
  const said = status === 206 ? 'Content-Range' : 'Content-Length';
  return new RemoteProtocolError(`The body of a response is not as long as its ${said} says`, {
    code: 'INVALID_CONTENT_LENGTH',
    phase: 'response-body',
  });
}

/** The error for an `unusable` one. */
export function ofAnotherPart({ status }: AnyResponse, size: number): RemoteProtocolError {
  return new RemoteProtocolError(
    `The rest of a file was asked for, from its byte ${size} on, and the response (${status}) is another part of it, or contradicts itself`,
    {
      code: 'INVALID_CONTENT_RANGE',
      phase: 'response-head',
    },
  );
}
