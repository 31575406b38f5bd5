import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

import { describe, expect, it } from 'vitest';

import { chaptersOf, outsideFences, pageText, readGuides, slug, type Guide } from './guides.ts';
import { publishedPackages, root } from './workspace.ts';

const guides = readGuides();
const readme = (file: string): Guide => ({ file, path: file, title: '', text: readFileSync(join(root, file), 'utf8') });
const texts = [...guides, readme('README.md'), readme('apps/site/README.md'), readme('packages/testbed/README.md')];

function linksOf({ text }: Guide): string[] {
  const links: string[] = [];
  outsideFences(text, (line) => {
    links.push(...Array.from(line.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target));
    return line;
  });
  return links.filter((target) => !/^[a-z][a-z\d+.-]*:/i.test(target));
}

function headingsOf(file: string): string[] {
  const headings: string[] = [];
  outsideFences(readFileSync(join(root, file), 'utf8'), (line) => {
    const [, heading] = /^#+ (.+)$/.exec(line) ?? [];
    if (heading !== undefined) headings.push(slug(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')));
    return line;
  });
  return headings;
}

describe('the guides', () => {
  it('lead nowhere that is not there', () => {
    const dead = texts.flatMap((guide) =>
      linksOf(guide).flatMap((target) => {
        const [to = '', anchor] = target.split('#');
        const file = to === '' ? guide.file : posix.join(dirname(guide.file), to);
        if (!existsSync(join(root, file))) return [`${guide.file}: ${target}`];
        return anchor === undefined || headingsOf(file).includes(anchor) ? [] : [`${guide.file}: ${target}`];
      }),
    );
    expect(dead).toEqual([]);
  });

  it('all stand in the table of contents', () => {
    const listed = chaptersOf(readFileSync(join(root, 'apps/docs/README.md'), 'utf8'))
      .flatMap(({ items }) => items.map(({ file }) => file))
      .filter((file) => file.startsWith('apps/docs/'));
    const written = guides.map(({ file }) => file).filter((file) => !/\/(?:decisions|errors)\/|README|^[A-Z_]+\.md$/.test(file));
    expect(listed.toSorted()).toEqual(written.toSorted());
  });
});

describe('what npm shows of a package', () => {
  const shown = publishedPackages().map(({ folder }) => `packages/${folder}/README.md`);

  it.each(shown)('%s stands alone: no link dies there, and its programs are JavaScript for every Node that is supported', (file) => {
    const { text } = readme(file);
    expect(linksOf(readme(file))).toEqual([]);
    const here = Array.from(text.matchAll(/https:\/\/github\.com\/x\/x\/blob\/main\/([^)#\s]+)/g), ([, path = '']) => path);
    expect(here.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(text).not.toMatch(/^```ts/m);
    expect(text).toMatch(/^```js/m);
    expect(text).not.toMatch(/^\s*(?:await )?using /m);
    expect(text).toContain(`require('@x/`);
  });
});

describe('a page', () => {
  const page = (text: string, file = 'apps/docs/client/client.md'): string => {
    const guide: Guide = { file, path: 'client/client', title: 'Client', text };
    return pageText(guide, { repository: 'https://example.org/tree', picture: (picture, of) => `[${picture} of ${of}]` });
  };

  it('has links to where things stand on the site, and to the repository for the rest', () => {
    expect(
      page(
        '[a](../proxies.md#when-it-fails) [b](../README.md) [c](../decisions) [d](#here) [e](https://x.org/) [f](../../../packages/client)',
      ),
    ).toBe(
      '[a](../proxies.md#when-it-fails) [b](../guides.md) [c](../decisions/index.md) [d](#here) [e](https://x.org/) [f](https://example.org/tree/packages/client)',
    );
    expect(page('![p](../pictures/client.svg)')).toBe('![p]([apps/docs/pictures/client.svg of client/client])');
  });

  it('leaves what stands in a fence alone', () => {
    expect(page('```md\n[a](../proxies.md)\n```\n')).toBe('```md\n[a](../proxies.md)\n```\n');
  });

  it('shows what is told side by side in tabs', () => {
    const pair = '```ts [fetch]\nawait fetch(url);\n```\n\n```ts [here]\nawait get(url);\n```\n';
    expect(page(`Text\n\n${pair}\nMore\n`)).toBe(`Text\n\n::: code-group\n\n${pair}\n:::\n\nMore\n`);
    expect(page('```ts [alone]\n1;\n```\n')).not.toContain(':::');
  });
});
