/** Writes the pages that the site is built from into `.pages`: guides, reference, errors, and what stands around them. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { chaptersOf, pageText, readGuides, relativePath, type Guide } from './guides.ts';
import { firstSentence } from './reference/comment.ts';
import { readReference } from './reference/exports.ts';
import { nameLinks, referencePages, titleOf } from './reference/pages.ts';
import { roomPurposes } from './reference/rooms.ts';
import { linkNames } from './reference/text.ts';
import { publishedPackages, root } from './workspace.ts';

export const pagesFolder: string = join(root, 'apps/site/.pages');
const repository = 'https://github.com/x/x/blob/main';

export interface SidebarItem {
  readonly text: string;
  readonly link?: string;
  readonly items?: readonly SidebarItem[];
}

export function prepare(): void {
  const guides = readGuides();
  const packages = publishedPackages();
  const reference = readReference(packages);
  const guidesOf = guidesByName(guides);
  const codes = new Map(guides.flatMap(({ file, path }) => (file.startsWith('apps/docs/errors/') ? [[codeOf(path), path] as const] : [])));
  const pageOfCode = (code: string): string | undefined => codes.get(code);
  const api = referencePages(reference, packages, roomPurposes, { guidesOf, pageOfCode });

  rmSync(pagesFolder, { recursive: true, force: true });
  cpSync(join(root, 'apps/site/pages'), pagesFolder, { recursive: true });
  const pictures = new Map<string, string>();
  for (const guide of guides) {
    const up = '../'.repeat(guide.path.split('/').length - 1);
    const linkOf = nameLinks(reference, 'client', up === '' ? './' : up, () => undefined);
    const text = pageText(guide, {
      repository,
      picture(file, page) {
        pictures.set(file, `pictures/${basename(file)}`);
        return relativePath(page, pictures.get(file)!);
      },
    });
    const isText = guide.file.startsWith('apps/docs/');
    write(`${guide.path}.md`, isText ? linkNames(text, (name) => linkOf(name, undefined)) : text);
  }
  for (const [file, to] of pictures) {
    mkdirSync(join(pagesFolder, 'pictures'), { recursive: true });
    cpSync(join(root, file), join(pagesFolder, to));
  }
  for (const { path, markdown } of api) write(`${path}.md`, markdown);
  write('errors/index.md', errorList(guides.filter(({ file }) => file.startsWith('apps/docs/errors/'))));
  write(
    'decisions/index.md',
    listOf(
      'Decisions',
      'What would otherwise be asked about again.',
      guides.filter(({ file }) => file.startsWith('apps/docs/decisions/')),
    ),
  );
  write(
    'sidebar.json',
    JSON.stringify(
      sidebarOf(
        guides,
        api.map(({ path }) => path),
      ),
      null,
      2,
    ),
  );
}

/** `errors/connect-failed` → `CONNECT_FAILED`. */
export function codeOf(path: string): string {
  return basename(path).toUpperCase().replaceAll('-', '_');
}

function write(file: string, text: string): void {
  const path = join(pagesFolder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function listOf(title: string, about: string, guides: readonly Guide[]): string {
  return `# ${title}\n\n${about}\n\n${guides.map((guide) => `- [${guide.title}](./${basename(guide.path)}.md)`).join('\n')}\n`;
}

/** By whose error it is, since that is what a stack begins with. */
function errorList(guides: readonly Guide[]): string {
  const byClass = new Map<string, string[]>();
  for (const { title, path, text } of guides) {
    const [, who = '', meaning = ''] = text.split('\n\n');
    const line = `- [\`${title}\`](./${basename(path)}.md): ${firstSentence(meaning)}`;
    for (const named of who.split(/, (?=`\w+`(?:, `\w+`)* of)/)) byClass.set(named, [...(byClass.get(named) ?? []), line]);
  }
  const sections = Array.from(byClass, ([who, lines]) => ({ heading: who.replaceAll('`', ''), lines })).toSorted((a, b) =>
    a.heading < b.heading ? -1 : 1,
  );
  const about =
    'Each error has a `code`, and in `help` the name of the page about it: `errors/connect-failed`. Which properties errors have: [Errors of the core](../errors.md), [Errors and secrets](../client/errors.md).';
  return `# Errors by code\n\n${about}\n\n${sections.map(({ heading, lines }) => `## ${heading}\n\n${lines.join('\n')}`).join('\n\n')}\n`;
}

/** Which guides tell of a name: those that import it in an example before those that only mention it. */
function guidesByName(guides: readonly Guide[]): (name: string) => readonly Guide[] {
  const read = guides
    .filter(({ file }) => file.startsWith('apps/docs/') && !/\/(?:decisions|errors)\/|README/.test(file))
    .map((guide) => ({
      guide,
      imported: new Set(
        Array.from(guide.text.matchAll(/^import (?:type )?\{([^}]*)\}/gm), ([, names = '']) => names.match(/\w+/g) ?? []).flat(),
      ),
      mentioned: new Set(Array.from(guide.text.matchAll(/`(\w+)[^`\n]*`/g), ([, name = '']) => name)),
    }));
  const find = (name: string, where: 'imported' | 'mentioned'): Guide[] =>
    read.filter((entry) => entry[where].has(name)).map(({ guide }) => guide);
  return (name) => {
    // Every guide imports the client.
    if (/^[a-z]+$/.test(name)) return [];
    return Array.from(new Set([...find(name, 'mentioned'), ...find(name, 'imported')]));
  };
}

function sidebarOf(guides: readonly Guide[], api: readonly string[]): Record<string, readonly SidebarItem[]> {
  const contents = readFileSync(join(root, 'apps/docs/README.md'), 'utf8');
  const paths = new Map(guides.map(({ file, path }) => [file, path]));
  const chapters = chaptersOf(contents).map(({ title, items }) => ({
    text: title,
    items: items.map(({ title: text, file }) => ({ text, link: `/${paths.get(file)!}` })),
  }));
  const pagesBelow = (folder: string): SidebarItem[] =>
    guides.filter(({ file }) => file.startsWith(`apps/docs/${folder}/`)).map(({ title, path }) => ({ text: title, link: `/${path}` }));
  const packages = publishedPackages();
  const reference = packages.map(({ name, folder }) => {
    const pages = api.filter((path) => path.startsWith(`api/${folder}/`));
    const others = packages
      .filter((other) => other.folder !== folder)
      .map((other) => ({ text: other.name, link: `/api/#${other.folder}` }));
    return [
      `/api/${folder}/`,
      [
        { text: name, items: pages.map((path) => ({ text: titleOf(path.slice('api/'.length)), link: `/${path}` })) },
        { text: 'Other packages', items: others },
      ],
    ] as const;
  });
  return {
    ...Object.fromEntries(reference),
    '/api/': [{ text: 'Reference', items: packages.map(({ name, folder }) => ({ text: name, link: `/api/#${folder}` })) }],
    '/decisions/': [{ text: 'Decisions', link: '/decisions/', items: pagesBelow('decisions') }],
    '/errors/': [{ text: 'Errors by code', link: '/errors/', items: pagesBelow('errors') }],
    '/': chapters,
  };
}
