/** The reference as pages of Markdown: one for each folder of a package, and one that lists all. */
import ts from 'typescript-6';

import type { PublishedPackage } from '../workspace.ts';
import { firstSentence, type DocComment } from './comment.ts';
import { anchorOf, commentOf, compare, type Exported, type Reference } from './exports.ts';
import { membersOf, signatureOf, withoutImplementation, type LinkTo } from './signature.ts';
import { toMarkdown, type NameLink } from './text.ts';

export interface ReferencePage {
  /** Below the site's root, without an ending: `api/client/retries`. */
  readonly path: string;
  readonly title: string;
  readonly markdown: string;
}

/** What of the rest of the site the reference points to. */
export interface Surroundings {
  /** The pages that tell of a name, best first. */
  guidesOf(name: string): readonly { readonly title: string; readonly path: string }[];
  /** The page of an error's code, if there is one. */
  pageOfCode(code: string): string | undefined;
}

export function referencePages(
  reference: Reference,
  packages: readonly PublishedPackage[],
  purposes: Readonly<Record<string, string>>,
  surroundings: Surroundings,
): ReferencePage[] {
  const byPage = groupBy(reference.exported, ({ page }) => page);
  const users = usersOf(reference);
  const pages = Array.from(byPage, ([page, things]) => pageOf(reference, page, things, purposes[page], { ...surroundings, users }));
  return [indexPage(reference, packages, byPage, purposes, surroundings), ...pages.toSorted((a, b) => compare(a.path, b.path))];
}

/** Whose signatures, or whose members', name a thing. */
type Users = ReadonlyMap<Exported, readonly Exported[]>;

function usersOf(reference: Reference): Users {
  const users = new Map<Exported, Set<Exported>>();
  for (const thing of reference.exported) {
    const note: LinkTo = (target) => {
      if (target !== thing) users.set(target, (users.get(target) ?? new Set()).add(thing));
      return '';
    };
    const declarations = [...thing.declarations, ...membersOf(reference, thing).flatMap((member) => member.declarations)];
    for (const declaration of declarations) signatureOf(reference, declaration, note);
  }
  return new Map(Array.from(users, ([target, by]) => [target, Array.from(by)]));
}

/** `client/retries` → `retries`. */
export function titleOf(page: string): string {
  return page.split('/')[1]!.replaceAll('-', ' ');
}

/** Names as links, seen from a page two folders deep. What stands in the same package comes first. */
export function nameLinks(reference: Reference, folder: string, prefix: string, pageOfCode: Surroundings['pageOfCode']): NameLink {
  const byName = groupBy(reference.exported, ({ name }) => name);
  const members = new Map<Exported, ReadonlySet<string>>();
  const hasMember = (thing: Exported, member: string): boolean => {
    let names = members.get(thing);
    if (names === undefined) members.set(thing, (names = new Set(membersOf(reference, thing).map(({ name }) => name))));
    return names.has(member);
  };
  const find = (name: string): Exported | undefined => {
    const found = byName.get(name) ?? [];
    return found.find(({ page }) => page.startsWith(`${folder}/`)) ?? found[0];
  };
  return (name, within) => {
    const code = /^[A-Z][A-Z\d_]+$/.test(name) ? pageOfCode(name) : undefined;
    if (code !== undefined) return `${prefix}${code}.md`;
    const [owner = '', member] = name.split('.');
    const thing = find(owner);
    if (member === undefined && within !== undefined) {
      const about = find(within);
      if (about !== undefined && name !== within && hasMember(about, name))
        return `${prefix}api/${about.page}.md#${about.anchor}-${anchorOf(name)}`;
      if (name === within) return undefined;
    }
    // A word such as `get` or `stream` is a method more often than the function.
    if (thing === undefined || (member === undefined && /^[a-z]+$/.test(owner) && !owner.includes('Of'))) return undefined;
    if (member === undefined) return `${prefix}api/${thing.page}.md#${thing.anchor}`;
    return hasMember(thing, member) ? `${prefix}api/${thing.page}.md#${thing.anchor}-${anchorOf(member)}` : undefined;
  };
}

function pageOf(
  reference: Reference,
  page: string,
  things: readonly Exported[],
  purpose: string | undefined,
  surroundings: Surroundings & { readonly users: Users },
): ReferencePage {
  const folder = page.split('/', 1)[0]!;
  const title = page === `${folder}/${folder}` ? `@x/${folder}` : `@x/${folder}: ${titleOf(page)}`;
  const linkOf = nameLinks(reference, folder, '../../', surroundings.pageOfCode);
  const linkTo: LinkTo = (target) => `${target.page === page ? '' : `../${target.page}.html`}#${target.anchor}`;
  const lines = [`# ${title}`, purpose === undefined ? '' : `${purpose[0]!.toUpperCase()}${purpose.slice(1)}.`];
  for (const thing of things) lines.push(...section(reference, thing, linkTo, linkOf, surroundings));
  return { path: `api/${page}`, title, markdown: `${lines.filter((line) => line !== '').join('\n\n')}\n` };
}

function section(
  reference: Reference,
  thing: Exported,
  linkTo: LinkTo,
  linkOf: NameLink,
  { guidesOf, users }: Surroundings & { readonly users: Users },
): string[] {
  const { name, anchor, entries, declarations, comment } = thing;
  const shown = withoutImplementation(declarations).map((declaration) => signatureOf(reference, declaration, linkTo));
  const told = guidesOf(name).slice(0, 3);
  const lines = [
    `## ${name} {#${anchor}}`,
    `<p class="entry" v-pre>${kindOf(declarations[0]!)} · ${entries.map((entry) => `<code>${entry}</code>`).join(', ')}</p>`,
    signatureBlock(shown),
    ...commentLines(comment, linkOf, name),
    usedBy(users.get(thing) ?? [], thing.page),
    told.length === 0 ? '' : `In the guides: ${told.map(({ title, path }) => `[${title}](../../${path}.md)`).join(', ')}`,
  ];
  for (const member of membersOf(reference, thing)) {
    const about = commentOf(member.declarations);
    lines.push(
      `### ${member.name === 'constructor' ? `new ${name}()` : member.name.replaceAll(/[[\]]/g, String.raw`\$&`)} {#${anchor}-${anchorOf(member.name) || 'call'}}`,
      signatureBlock(member.declarations.map((declaration) => signatureOf(reference, declaration, linkTo))),
      ...commentLines(about, linkOf, name),
    );
  }
  return lines;
}

/** Types alone need it: who takes them, or gives them. */
function usedBy(users: readonly Exported[], page: string): string {
  if (users.length === 0 || users.length > 12) return '';
  const links = users.map((user) => `[\`${user.name}\`](${user.page === page ? '' : `../${user.page}.md`}#${user.anchor})`);
  return `Used by ${links.join(', ')}`;
}

function commentLines(comment: DocComment, linkOf: NameLink, within: string): string[] {
  return [
    toMarkdown(comment.text, linkOf, within),
    comment.parameters.map(({ name, text }) => `- \`${name}\`: ${toMarkdown(text, linkOf, within)}`).join('\n'),
    comment.throws
      .map(
        ({ error, text }) =>
          `- throws ${toMarkdown(`\`${error || 'Error'}\``, linkOf)}${text === '' ? '' : `: ${toMarkdown(text, linkOf, within)}`}`,
      )
      .join('\n'),
    ...comment.examples.map((example) => `\`\`\`ts\n${example}\n\`\`\``),
  ];
}

function signatureBlock(signatures: readonly string[]): string {
  return `<pre class="signature" tabindex="0" v-pre><code>${signatures.join('\n')}</code></pre>`;
}

/** `Map.groupBy` of Node 21 and later. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function kindOf(declaration: ts.Declaration): string {
  if (ts.isClassDeclaration(declaration)) return 'class';
  if (ts.isFunctionDeclaration(declaration)) return 'function';
  if (ts.isInterfaceDeclaration(declaration)) return 'interface';
  return ts.isVariableDeclaration(declaration) ? 'value' : 'type';
}

function indexPage(
  reference: Reference,
  packages: readonly PublishedPackage[],
  byPage: ReadonlyMap<string, readonly Exported[]>,
  purposes: Readonly<Record<string, string>>,
  { pageOfCode }: Surroundings,
): ReferencePage {
  const lines = [
    '# Reference',
    'Everything that the packages export, made from the sources: names, types, what their comments say. Times are in milliseconds and sizes in bytes, unless a comment says otherwise.',
  ];
  for (const { name, folder, description, entries } of packages) {
    lines.push(`## ${name} {#${folder}}`, description, `Entries: ${entries.map(({ specifier }) => `\`${specifier}\``).join(', ')}`);
    const linkOf = nameLinks(reference, folder, '../', pageOfCode);
    const pages = Array.from(byPage).filter(([page]) => page.startsWith(`${folder}/`));
    for (const [page, things] of pages.toSorted(([a], [b]) => compare(a, b))) {
      lines.push(
        `### [${titleOf(page)}](${page}.md) {#${page.replace('/', '-')}}`,
        purposes[page] === undefined ? '' : `${purposes[page][0]!.toUpperCase()}${purposes[page].slice(1)}.`,
        things
          .map(({ name: thing, anchor, comment }) => {
            const first = firstSentence(comment.text);
            return `- [\`${thing}\`](${page}.md#${anchor})${first === '' ? '' : `: ${toMarkdown(first, linkOf, thing)}`}`;
          })
          .join('\n'),
      );
    }
  }
  return { path: 'api/index', title: 'Reference', markdown: `${lines.filter((line) => line !== '').join('\n\n')}\n` };
}
