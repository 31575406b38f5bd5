/** The text of `apps/docs` as pages of the site: what is written stays as it is, its links are led to where things stand here. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

import { root } from './workspace.ts';

export interface Guide {
  /** In the repository: `apps/docs/client/client.md`. */
  readonly file: string;
  /** Below the site's root, without an ending: `client/client`. */
  readonly path: string;
  readonly title: string;
  readonly text: string;
}

export interface Chapter {
  readonly title: string;
  readonly items: readonly { readonly title: string; readonly file: string }[];
}

/** Texts of the repository that are read as guides. */
const others: Readonly<Record<string, string>> = {
  'CONTRIBUTING.md': 'contributing',
  'SECURITY.md': 'security',
  'CODE_OF_CONDUCT.md': 'conduct',
};

const docs = 'apps/docs';

export function readGuides(): Guide[] {
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : below(`${folder}/${entry.name}`);
      return entry.name.endsWith('.md') ? [`${folder}/${entry.name}`] : [];
    });
  return [...below(docs).toSorted(), ...Object.keys(others)].map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return { file, path: pagePath(file)!, title: titleOf(text), text };
  });
}

/** The chapters of the table of contents, which is `apps/docs/README.md`. */
export function chaptersOf(contents: string): Chapter[] {
  return contents
    .split(/^## /m)
    .slice(1)
    .map((chapter) => ({
      title: chapter.split('\n', 1)[0]!,
      items: Array.from(chapter.matchAll(/\[([^\]]+)\]\(([^)#]+\.md)\)/g), ([, title = '', link = '']) => ({
        title,
        file: posix.join(docs, link),
      })),
    }));
}

/** Where a file of the repository is on the site; `undefined` where it is not. */
export function pagePath(file: string): string | undefined {
  if (file === `${docs}/README.md`) return 'guides';
  if (file.startsWith(`${docs}/`) && file.endsWith('.md')) return file.slice(docs.length + 1, -'.md'.length);
  if (file === `${docs}/decisions` || file === `${docs}/errors`) return `${file.slice(docs.length + 1)}/index`;
  return others[file];
}

export interface LinkTargets {
  /** Where the repository can be looked at, for what is no page. */
  readonly repository: string;
  /** Told of each picture that a page shows; gives where the page finds it. */
  picture(file: string, page: string): string;
}

/** The guide's text with links as the site needs them, and with code that is told side by side in tabs. */
export function pageText({ file, path, text }: Guide, targets: LinkTargets): string {
  const linked = outsideFences(text, (line) =>
    line.replaceAll(/(!?)\[((?:`[^`]*`|[^\]`])*)\]\(([^)\s]+)\)/g, (whole, mark: string, shown: string, target: string) => {
      if (/^[a-z][a-z\d+.-]*:|^#/i.test(target)) return whole;
      const [to = '', anchor] = target.split('#');
      const meant = posix.join(dirname(file), to).replace(/\/$/, '');
      if (mark === '!') return `![${shown}](${targets.picture(meant, path)})`;
      const page = pagePath(meant);
      const link = page === undefined ? `${targets.repository}/${meant}` : `${relativePath(path, page)}.md`;
      return `[${shown}](${link}${anchor === undefined ? '' : `#${anchor}`})`;
    }),
  );
  return inTabs(linked);
}

export function relativePath(from: string, to: string): string {
  const path = posix.relative(dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

/** Fences that have a label (```` ```ts [axios] ````) and follow one another become tabs. */
function inTabs(text: string): string {
  const fence = String.raw`\`\`\`\w+ \[[^\]\n]+\]\n(?:(?!\`\`\`).*\n)*\`\`\`\n`;
  return text.replaceAll(new RegExp(`^${fence}(?:\\n*^${fence})+`, 'gm'), (group) => `::: code-group\n\n${group}\n:::\n`);
}

export function outsideFences(text: string, change: (line: string) => string): string {
  let inFence = false;
  return text
    .split('\n')
    .map((line) => {
      const isBorder = /^\s*```/.test(line);
      if (isBorder) inFence = !inFence;
      return inFence || isBorder ? line : change(line);
    })
    .join('\n');
}

function titleOf(text: string): string {
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? 'Untitled';
}

/** The fragment that GitHub gives a heading, and so the site. */
export function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}
