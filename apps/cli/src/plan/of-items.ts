/** The words `[METHOD] URL [URL…] [ITEM…]` become a plan. */
import { readItem, type Item } from '../items/item.ts';
import { JsonTree } from '../items/json-tree.ts';
import type { Io } from '../io.ts';
import type { OptionValues } from '../options/table.ts';
import { UsageError } from '../usage-error.ts';
import { contentOf } from '../files/named-files.ts';
import type { BodyPlan, FieldPlan, PartPlan, RequestPlan } from './plan.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];
/** These take what a pipe has: a GET in a loop of the shell must not eat the loop's input. */
const bodyMethods = new Set(['POST', 'PUT', 'PATCH', 'QUERY']);
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** @throws {UsageError} */
export async function planOfItems(words: readonly string[], options: OptionValues, io: Io): Promise<RequestPlan> {
  const { method, urls, items } = divide(words);
  const stated = [options.json === true && '--json', options.form === true && '--form', options.multipart === true && '--multipart'].filter(
    (each) => each !== false,
  );
  if (stated.length > 1) throw new UsageError(`${stated.join(' and ')} contradict each other`);
  const headers: FieldPlan[] = (options.header ?? []).map(readHeader);
  const params: (readonly [string, string])[] = [];
  for (const item of items) {
    if (item.kind === 'header') headers.push([item.key.trim(), await fieldValue(item, io)]);
    else if (item.kind === 'param') params.push([plainKey(item), await textOf(item, io)]);
  }
  const fields = items.filter(({ kind }) => kind === 'text' || kind === 'json' || kind === 'upload');
  const body = await bodyOf(fields, method, options, io);
  if (wantsJson(options, fields, body)) withDefault(headers, 'accept', `${JSON_TYPE}, */*;q=0.5`);
  return {
    method: method ?? (body.kind === 'none' ? 'GET' : 'POST'),
    urls: urls.map((url) => completeUrl(url, options)),
    headers,
    params,
    body,
  };
}

interface Divided {
  readonly method: string | undefined;
  readonly urls: readonly string[];
  readonly items: readonly Item[];
}

function divide(words: readonly string[]): Divided {
  const [first = '', second] = words;
  const isMethod = second !== undefined && (/^[A-Z][A-Z-]*$/u.test(first) || methods.includes(first.toUpperCase()));
  const [url, ...rest] = isMethod ? words.slice(1) : words;
  if (url === undefined || url === '') throw new UsageError('A URL is needed: xhttp [METHOD] URL [ITEM…]; xhttp --help shows all of it');
  if (/^(?:wss?|ftp|file):/iu.test(url)) throw new UsageError(`${url.replace(/:.*$/su, '')}: URLs are not spoken here; http and https are`);
  const isUrl = (word: string): boolean => /^https?:\/\//iu.test(word);
  return {
    method: isMethod ? first.toUpperCase() : undefined,
    urls: [url, ...rest.filter(isUrl)],
    items: rest.filter((word) => !isUrl(word)).map(readItem),
  };
}

/** `:8080/x` is this machine, `example.com` is a host, `/x` is left to the base URL. */
export function completeUrl(url: string, options: OptionValues): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//iu.test(url)) return url;
  if (/^:\d*(?:[/?#]|$)/u.test(url)) return `${options['default-scheme'] ?? 'http'}://localhost${url.replace(/^:(?=[/?#]|$)/u, '')}`;
  if (options['base-url'] !== undefined) return url;
  if (url.startsWith('/') || url.startsWith('?'))
    throw new UsageError(`${url} is relative: give --base-url, or a session or profile that has one`);
  const isLocal = /^(?:[^/?#]*@)?(?:localhost|[^/?#:]+\.localhost|127(?:\.\d+){3}|\[::1\])(?:[:/?#]|$)/iu.test(url);
  return `${options['default-scheme'] ?? (isLocal ? 'http' : 'https')}://${url}`;
}

/** `Name: value`, `Name:` to take it away, `Name;` for an empty one: as curl has it. @throws {UsageError} */
export function readHeader(text: string): FieldPlan {
  const [, name, value = ''] = /^([^:\s]+)\s*:(.*)$/su.exec(text) ?? [];
  if (name !== undefined) return [name, value.trim() === '' ? null : value.trim()];
  if (/^[^:;\s]+;\s*$/u.test(text)) return [text.trim().slice(0, -1), ''];
  throw new UsageError('--header must be "Name: value"; "Name:" takes a field away, and "Name;" sends it empty');
}

async function fieldValue(item: Item, io: Io): Promise<string | null> {
  if (item.isPath) return (await textOf(item, io)).trim();
  // `Name;` comes as an empty value as well, and is one.
  return item.value.trim() === '' && !item.word.endsWith(';') ? null : item.value.trim();
}

async function textOf(item: Item, io: Io): Promise<string> {
  return item.isPath ? new TextDecoder().decode(await contentOf(item.value, io)) : item.value;
}

function plainKey({ key }: Item): string {
  return key.replace(/\\([\\[\]])/gu, '$1');
}

async function bodyOf(fields: readonly Item[], method: string | undefined, options: OptionValues, io: Io): Promise<BodyPlan> {
  const [only] = fields;
  if (options.data !== undefined) {
    if (only !== undefined)
      throw new UsageError(`--data is the whole body, and ${JSON.stringify(only.word)} would be a field of it: give one of the two`);
    return dataBody(options.data, options, io);
  }
  if (only?.kind === 'upload' && only.key === '') {
    if (fields.length > 1) throw new UsageError('@FILE is the whole body: it can not have fields beside it');
    return only.value === '-'
      ? { kind: 'stdin', type: typeFor(options) }
      : { kind: 'file', ...fileOf(only.value), type: fileOf(only.value).type ?? typeFor(options) };
  }
  if (only !== undefined) return fieldsBody(fields, options, io);
  if (options.multipart === true) return { kind: 'multipart', parts: [] };
  const fromInput =
    options['ignore-stdin'] !== true &&
    (io.stdinKind === 'pipe' || io.stdinKind === 'file') &&
    method !== undefined &&
    bodyMethods.has(method);
  return fromInput ? { kind: 'stdin', type: typeFor(options) ?? JSON_TYPE } : { kind: 'none' };
}

async function fieldsBody(fields: readonly Item[], options: OptionValues, io: Io): Promise<BodyPlan> {
  const hasFiles = fields.some(({ kind }) => kind === 'upload');
  if (hasFiles && options.json === true)
    throw new UsageError("--json can not carry files: leave it out, or put a file's text into a field with  name=@FILE");
  if (hasFiles || options.multipart === true) {
    const parts: PartPlan[] = [];
    for (const item of fields)
      parts.push(
        item.kind === 'upload' ? { name: plainKey(item), ...fileOf(item.value) } : { name: plainKey(item), value: await textOf(item, io) },
      );
    return { kind: 'multipart', parts };
  }
  if (options.form === true) {
    const pairs: (readonly [string, string])[] = [];
    for (const item of fields) pairs.push([plainKey(item), await textOf(item, io)]);
    return { kind: 'form', fields: pairs };
  }
  const tree = new JsonTree();
  for (const item of fields) {
    const text = await textOf(item, io);
    tree.set(item.key, item.kind === 'json' ? validJson(text, item) : JSON.stringify(text));
  }
  return { kind: 'content', content: tree.toString(), type: JSON_TYPE };
}

/** As it was written, once it is known to be JSON. */
function validJson(text: string, { key }: Item): string {
  try {
    JSON.parse(text);
    return text.trim();
  } catch {
    throw new UsageError(`${key}:= needs JSON, such as 1, true, "text" or [1, 2]; for a text, write ${key}=`);
  }
}

/** `path;type=text/csv;filename=a.csv` */
export function fileOf(text: string): { readonly path: string; readonly type: string | undefined; readonly filename: string | undefined } {
  const type = /;type=([^;]+)/u.exec(text)?.[1];
  const filename = /;filename=("[^"]*"|[^;]+)/u.exec(text)?.[1]?.replace(/^"|"$/gu, '');
  return { path: text.replace(/;(?:type|filename)=.*$/su, ''), type, filename };
}

async function dataBody(data: readonly string[], options: OptionValues, io: Io): Promise<BodyPlan> {
  const [only = ''] = data;
  const stated = typeFor(options);
  if (data.length === 1 && only === '@-') return { kind: 'stdin', type: stated ?? JSON_TYPE };
  if (data.length === 1 && only.startsWith('@'))
    return { kind: 'file', path: only.slice(1), type: stated ?? (only.endsWith('.json') ? JSON_TYPE : undefined) };
  const texts: string[] = [];
  for (const each of data) texts.push(each.startsWith('@') ? new TextDecoder().decode(await contentOf(each.slice(1), io)) : each);
  const content = texts.join('&');
  return { kind: 'content', content, type: stated ?? (/^\s*[[{]/u.test(content) ? JSON_TYPE : FORM_TYPE) };
}

function typeFor({ json, form }: OptionValues): string | undefined {
  return json === true ? JSON_TYPE : form === true ? FORM_TYPE : undefined;
}

function wantsJson({ json, form, multipart }: OptionValues, fields: readonly Item[], body: BodyPlan): boolean {
  return json === true || (form !== true && multipart !== true && fields.length > 0 && body.kind === 'content');
}

function withDefault(headers: FieldPlan[], name: string, value: string): void {
  if (!headers.some(([each]) => each.toLowerCase() === name)) headers.push([name, value]);
}
