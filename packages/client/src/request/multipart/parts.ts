/** Fields and files as parts of a multipart body. */
import { isAnyArrayBuffer } from 'node:util/types';

import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { HeaderPair } from '@x/httpcore';

import { InvalidOption } from '../../errors.ts';
import { readHeaderChanges } from '../fields/header-input.ts';
import { readEntries } from '../../options/entries.ts';
import { ownOptions, type OptionNames } from '../../options/own-options.ts';
import { toParams, type ParamsInput } from '../url/params.ts';
import { toRequestBody, type BodyInput } from '../body/body-input.ts';
import { BytesBody, type RequestBody } from '../body/request-body.ts';
import type { ContentFile, FileDetails, FilesInput, PathFile } from './file-input.ts';
import { isFormData } from './form-data.ts';
import { MeasuredBody } from './measured-body.ts';
import { mediaTypeOf } from './media-types.ts';
import { partHead } from './part-head.ts';
import { PathBody } from './path-body.ts';

export interface Part {
  /** Of the field, for errors. */
  readonly name: string;
  /** Its lines up to the content, without the boundary. */
  readonly head: string;
  readonly content: RequestBody;
}

type FileDescription = Omit<PathFile | ContentFile, 'path' | 'content' | 'length'> & {
  readonly path?: string | URL | undefined;
  readonly content?: BodyInput | undefined;
  readonly length?: number | undefined;
};

const descriptionNames: OptionNames<FileDescription> = Object.freeze({
  path: undefined,
  content: undefined,
  length: undefined,
  filename: undefined,
  contentType: undefined,
  headers: undefined,
});
const noHeaders: readonly HeaderPair[] = Object.freeze([]);
/** What browsers call a Blob without a name. Without any, servers would take the file for a field. */
const namelessFile = 'blob';

/** @throws {InvalidOption} naming `form`. */
export function readFields(form: ParamsInput): Part[] {
  return toParams(form, 'form').flatMap(([name, values]) => values.map((value) => fieldPart(name, value, 'form')));
}

/** @throws {InvalidOption} naming `files`. */
export function readFiles(files: FilesInput): Part[] {
  if (isFormData(files)) return readFormData(files, 'files');
  const isRecord = typeof files === 'object' && files !== null && !(Symbol.iterator in files);
  const parts: Part[] = [];
  for (const [name, value] of readEntries(files, 'files')) {
    // In a record an array is several files; a pair has one, and an array in it is what that consists of.
    for (const file of isRecord && Array.isArray(value) ? (value as unknown[]) : [value]) parts.push(partFor(name, file));
  }
  return parts;
}

/** @throws {InvalidOption} naming `option`. */
export function readFormData(form: FormData, option: string): Part[] {
  const parts: Part[] = [];
  for (const [name, value] of form) {
    // As browsers send it (WHATWG HTML, multipart/form-data encoding): the lines of a field end in CRLF.
    if (typeof value === 'string') parts.push(fieldPart(name, value.replace(/\r\n|\r|\n/g, '\r\n'), option));
    else parts.push(filePart(name, {}, toRequestBody(value), value, option));
  }
  return parts;
}

function fieldPart(name: string, value: string, option: string): Part {
  const head = partHead({ name, filename: undefined, contentType: undefined, headers: noHeaders }, option);
  return { name, head, content: new BytesBody([Buffer.from(value, 'utf8')], undefined) };
}

function partFor(name: string, input: unknown): Part {
  if (typeof input === 'string') throw new InvalidOption('files', `has a text for ${JSON.stringify(name)}; say { path } or { content }`);
  if (!isDescription(input)) return filePart(name, {}, readContent(name, input), input, 'files');
  const own = ownOptions<FileDescription>(input, descriptionNames, 'files');
  const { path, content, length } = own;
  if ((path === undefined) === (content === undefined)) {
    throw new InvalidOption('files', `needs one of "path" and "content" for ${JSON.stringify(name)}`);
  }
  if (path === undefined) return filePart(name, own, ofLength(readContent(name, content), length), content, 'files');
  if (length !== undefined) throw new InvalidOption('files', `has a "length" for ${JSON.stringify(name)}, whose path tells it`);
  const file = pathText(path);
  return filePart(name, own, new PathBody(file, name), { path: file }, 'files');
}

/** Does it say what the content is, and is none itself? */
function isDescription(input: unknown): input is FileDescription {
  if (typeof input !== 'object' || input === null || input instanceof Blob || ArrayBuffer.isView(input)) return false;
  if (isAnyArrayBuffer(input)) return false;
  return !(Symbol.asyncIterator in input) && !(Symbol.iterator in input);
}

function readContent(name: string, input: unknown): RequestBody {
  try {
    return toRequestBody(input as BodyInput);
  } catch (cause) {
    throw new InvalidOption(
      'files',
      `has no content for ${JSON.stringify(name)}: give bytes, a Blob, a stream, an iterable, a function, or { path }`,
      { cause },
    );
  }
}

function ofLength(content: RequestBody, length: unknown): RequestBody {
  if (length === undefined) return content;
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
    throw new InvalidOption('files', 'has a length that is not a whole number of bytes');
  }
  return new MeasuredBody(content, length);
}

function pathText(path: unknown): string {
  if (typeof path === 'string' && path !== '') return path;
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path);
  throw new InvalidOption('files', 'has a path that is neither a string nor a file: URL');
}

/** `origin` is what the content came from, which may have a name. */
function filePart(name: string, details: FileDetails, content: RequestBody, origin: unknown, option: string): Part {
  const filename = details.filename === null ? undefined : text(details.filename ?? originalName(origin) ?? namelessFile, option);
  const byName = filename === undefined ? undefined : mediaTypeOf(filename);
  // A Blob knows its type; a text is text, unless its name says more.
  const bySource = origin instanceof Blob ? (content.contentType ?? byName) : (byName ?? content.contentType);
  const contentType =
    details.contentType === null ? undefined : text(details.contentType ?? bySource ?? 'application/octet-stream', option);
  const headers = details.headers === undefined ? noHeaders : readHeaderChanges(details.headers, option).pairs;
  for (const [field] of headers) {
    if (/^content-(?:disposition|type|length|transfer-encoding)$/i.test(field)) {
      throw new InvalidOption(option, `has the header ${field}, which follows from filename, contentType and content`);
    }
  }
  return { name, head: partHead({ name, filename, contentType, headers }, option), content };
}

/** Of a `File`, of `{ path }`, and of a file stream of Node's. */
function originalName(origin: unknown): string | undefined {
  if (origin instanceof File) return origin.name;
  const path = typeof origin === 'object' && origin !== null ? (origin as { path?: unknown }).path : undefined;
  return typeof path === 'string' && path !== '' ? basename(path) : undefined;
}

function text(value: unknown, option: string): string {
  if (typeof value !== 'string') throw new InvalidOption(option, 'has a filename or a content type that is no string');
  return value;
}
