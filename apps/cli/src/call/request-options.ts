/** A plan's request, as the client takes it. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { BodyOptions, ContentOptions, FileInput, MessageOptions } from '@x/client';
import type { Io } from '../io.ts';
import type { OptionValues } from '../options/table.ts';
import { pathOf, unreadable } from '../files/named-files.ts';
import type { BodyPlan, PartPlan, RequestPlan } from '../plan/plan.ts';

/** @throws {UsageError} a file is not there. */
export async function requestOptions(plan: RequestPlan, options: OptionValues, io: Io): Promise<MessageOptions> {
  const { compress } = options;
  const packing: ContentOptions = compress === undefined ? {} : { compress };
  const { body, type, length } = await bodyOptions(plan.body, packing, io);
  const has = (name: string): boolean => plan.headers.some(([each]) => each.toLowerCase() === name);
  const headers = [...plan.headers];
  if (type !== undefined && !has('content-type')) headers.push(['content-type', type]);
  if (length !== undefined && compress === undefined && !has('content-length') && !has('transfer-encoding'))
    headers.push(['content-length', String(length)]);
  return { ...body, headers, ...(plan.params.length === 0 ? {} : { params: plan.params }) };
}

interface ReadBody {
  readonly body: BodyOptions;
  readonly type?: string | undefined;
  readonly length?: number | undefined;
}

async function bodyOptions(plan: BodyPlan, packing: ContentOptions, io: Io): Promise<ReadBody> {
  switch (plan.kind) {
    case 'none':
      return { body: {} };
    case 'content':
      return { body: { body: plan.content, ...packing }, type: plan.type };
    case 'stdin':
      return { body: { body: io.stdin, ...packing }, type: plan.type };
    case 'form':
      return { body: { form: plan.fields, ...packing } };
    case 'file': {
      const path = pathOf(plan.path, io);
      const length = await sizeOf(path, plan.path);
      return { body: { body: () => createReadStream(path), ...packing }, type: plan.type ?? 'application/octet-stream', length };
    }
    case 'multipart': {
      const files = await Promise.all(plan.parts.map(async (part) => [part.name, await partOf(part, io)] as const));
      return { body: { files, ...packing } };
    }
  }
}

async function partOf({ value, path = '', filename, type }: PartPlan, io: Io): Promise<FileInput> {
  if (value !== undefined) return { content: value, filename: filename ?? null, contentType: type ?? null };
  const named = { ...(filename === undefined ? {} : { filename }), ...(type === undefined ? {} : { contentType: type }) };
  if (path === '-') return { content: io.stdin, filename: filename ?? '-', ...named };
  const full = pathOf(path, io);
  await sizeOf(full, path);
  return { path: full, filename: basename(full), ...named };
}

/** `undefined` of what is no file and has no size, such as a pipe of the shell. */
async function sizeOf(path: string, shown: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new Error('it is a folder');
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    throw unreadable(shown, error);
  }
}
