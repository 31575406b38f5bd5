/** What callers may give as files. */
import type { HeadersInput } from '../fields/header-input.ts';
import type { BodyInput, BodySource } from '../body/body-input.ts';
import type { BodyChunk } from '../body/chunks.ts';
import type { NodeReadable } from '../body/streamed-body.ts';

/** The content of a file by itself. A function is called each time that the request is sent. */
export type FileContent =
  | Uint8Array
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | ReadableStream<BodyChunk>
  | NodeReadable
  | Iterable<Uint8Array>
  | AsyncIterable<BodyChunk>
  | (() => BodySource | Promise<BodySource>);

/** What the server is told of a file. */
export interface FileDetails {
  /** Default: the name of the path, the `File` or the file stream, else `blob`. `null` leaves it out, and servers take the part for a field. */
  readonly filename?: string | null | undefined;
  /** Default: the type of the `Blob`, else by the extension of the filename, else `application/octet-stream`. `null` leaves it out. */
  readonly contentType?: string | null | undefined;
  /** More fields for the head of the part. */
  readonly headers?: HeadersInput | undefined;
}

/** A file on disk. It is opened when its turn comes, and must not change until it is sent. */
export interface PathFile extends FileDetails {
  readonly path: string | URL;
  readonly content?: undefined;
  readonly length?: undefined;
}

/** A file whose content is given. */
export interface ContentFile extends FileDetails {
  readonly content: BodyInput;
  /** Bytes, where the content can not tell by itself, as a stream. With it the request can have a `Content-Length`. */
  readonly length?: number | undefined;
  readonly path?: undefined;
}

/** A file of a form: its content alone, or with its name and type. */
export type FileInput = FileContent | PathFile | ContentFile;

/**
 * Files by field, one or several for each; as pairs, in their order; or a `FormData` with its fields.
 *
 * @example
 * await client.post('/albums', {
 *   form: { title: 'Summer' },
 *   files: { photo: [{ path: 'one.jpg' }, { path: 'two.jpg' }], notes: new Blob(['none'], { type: 'text/plain' }) },
 * });
 */
export type FilesInput =
  | FormData
  | Readonly<Record<string, FileInput | readonly FileInput[]>>
  | Iterable<readonly [field: string, file: FileInput]>;
