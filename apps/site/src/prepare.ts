/** Writes the pages that the site is built from into `.pages`: guides, reference, errors, and what stands around them. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { chaptersOf, pageText, readGuides, relativePath, type Guide } from './guides.ts';
import { compactReference } from './reference/compact.ts';
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
    const text = pageText(withMeasurements(guide), {
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
  write('public/llms.txt', guideForPrograms(guides));
  write('public/llms-reference.txt', compactReference(reference, packages));
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

/** As https://llmstxt.org has it: where what is told, in one text. */
function guideForPrograms(guides: readonly Guide[]): string {
  const byFile = new Map(guides.map((guide) => [guide.file, guide]));
  const chapters = chaptersOf(readFileSync(join(root, 'apps/docs/README.md'), 'utf8')).map(({ title, items }) => {
    const lines = items.map((item) => `- [${item.title}](/${byFile.get(item.file)!.path}.html)`);
    return `## ${title}\n\n${lines.join('\n')}`;
  });
  return [
    '# @x/client',
    '> An HTTP client for Node and TypeScript on a core of its own (@x/httpcore): HTTP/1.1 and HTTP/2, proxies, retries, cookies, a cache, typed errors with codes.',
    [
      '- Make one `new Client(options)` and keep it; `await client.close()` ends it.',
      '- `client.get(url)` reads the body whole: `json()`, `text()`, `bytes()` are synchronous then; on the promise itself `await client.get(url).json()`.',
      '- `client.stream(method, url)` hands the body over as it comes: read it or close it.',
      '- A status of 400 or more is no error until `raiseForStatus()`, or with `throwOnStatus: true`.',
      '- Times are in milliseconds, sizes in bytes. `timeout: n` is a deadline over everything.',
      '- Retries are off by default: `retries: 2`.',
      '- Every error has a `code`; `/errors/<code in lower case with hyphens>.html` says what to do about it.',
    ].join('\n'),
    '## Reference\n\n- [Every export with its declaration, in one text](/llms-reference.txt)\n- [As pages](/api/index.html)\n- [Errors by code](/errors/index.html)',
    ...chapters,
    '',
  ].join('\n\n');
}

/** What the bench writes into the README is shown where the bench is told. */
function withMeasurements(guide: Guide): Guide {
  if (guide.path !== 'benchmarks') return guide;
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const measured = /<!-- bench:start -->([\s\S]*?)<!-- bench:end -->/.exec(readme)?.[1]?.replaceAll(/^!\[.*$/gm, '') ?? '';
  return { ...guide, text: guide.text.replace(/^The figures of the last measurement.*$/m, () => measured) };
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
