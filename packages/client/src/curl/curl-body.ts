/** How curl is told of a body. */
import { textOf } from '../har/har-message.ts';
import type { Mask } from '../har/mask.ts';
import { BytesBody, type RequestBody } from '../request/body/request-body.ts';
import { bytesInMemory } from '../request/bytes-in-memory.ts';
import { MultipartBody } from '../request/multipart/multipart-body.ts';
import type { Part } from '../request/multipart/parts.ts';
import { PathBody } from '../request/multipart/path-body.ts';
import { quoted } from './shell-quoting.ts';

export interface CurlBody {
  /** Each an option and its value, quoted. */
  readonly options: readonly string[];
  /** What is piped to it, as a command. */
  readonly stdin: string | undefined;
  /** curl makes the `Content-Type` itself, with a boundary of its own. */
  readonly isForm: boolean;
}

/** One argument of a program is at most 128 KiB on Linux. */
const longestArgument = 100_000;

/** `mask`: `undefined` reveals everything. */
export function curlBody(body: RequestBody, mediaType: string, mask: Mask | undefined): CurlBody {
  if (body instanceof MultipartBody) {
    const parts = body.parts.map((part) => formOption(part, mask));
    if (!parts.includes(undefined)) return { options: parts as string[], stdin: undefined, isForm: true };
  }
  const bytes = bytesInMemory(body);
  // It is read as it goes: whoever runs the command gives it.
  if (bytes === undefined) return { options: ['--data-binary @-'], stdin: undefined, isForm: false };
  const { text, encoding } = textOf(mask === undefined ? bytes : mask.body(bytes, mediaType).bytes);
  if (encoding !== undefined) return piped(`printf %s ${quoted(text)} | base64 -d`);
  if (Buffer.byteLength(text) > longestArgument) return piped(`printf %s ${quoted(text)}`);
  return { options: [`--data-raw ${quoted(text)}`], stdin: undefined, isForm: false };
}

function piped(command: string): CurlBody {
  return { options: ['--data-binary @-'], stdin: command, isForm: false };
}

/** `undefined`: bytes that can be no argument. */
function formOption({ name, head, content }: Part, mask: Mask | undefined): string | undefined {
  const filename = /^content-disposition:.*;\s*filename="([^"\r\n]*)"/im.exec(head)?.[1];
  const type = /^content-type:\s*(.*)$/im.exec(head)?.[1]?.trim();
  const more = Array.from(head.matchAll(/^(?!content-disposition:|content-type:)([^:\r\n]+:.*)$/gim), ([line]) => line.trim());
  const details = [
    ...(type === undefined ? [] : [`type=${type}`]),
    ...(filename === undefined ? [] : [`filename=${doubleQuoted(filename)}`]),
    ...more.map((line) => `headers=${doubleQuoted(line)}`),
  ];
  const shape = [name.replaceAll('"', '%22'), details.map((detail) => `;${detail}`).join('')] as const;
  if (content instanceof PathBody) return form(`${shape[0]}=@${doubleQuoted(content.path)}${shape[1]}`);
  // A stream, a Blob: from a file of that name, for whoever runs the command to have.
  if (!(content instanceof BytesBody)) return form(`${shape[0]}=@${doubleQuoted(filename ?? '-')}${shape[1]}`);
  const { text, encoding } = textOf(Buffer.concat(content.chunks));
  if (encoding !== undefined || Buffer.byteLength(text) > longestArgument) return undefined;
  const shown = mask === undefined || filename !== undefined ? (mask?.text(text) ?? text) : mask.parameter(name, text);
  if (details.length === 0) return `--form-string ${quoted(`${shape[0]}=${shown}`)}`;
  return form(`${shape[0]}=${doubleQuoted(shown)}${shape[1]}`);
}

function form(text: string): string {
  return `--form ${quoted(text)}`;
}

/** In the language of curl's --form, where a comma and a semicolon have a meaning. */
function doubleQuoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
