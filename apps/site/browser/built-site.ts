/** The built site as files: what its pages are, what they have, and where their links lead. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export const dist: string = join(import.meta.dirname, '../dist');

export interface Page {
  /** From the root of the site: `/client/client.html`. */
  readonly path: string;
  readonly html: string;
  readonly ids: ReadonlySet<string>;
  readonly links: readonly string[];
}

/** @throws {Error} it is not built. */
export function builtPages(): Map<string, Page> {
  if (!existsSync(join(dist, 'index.html'))) throw new Error('The site is not built: npm run docs -- --build');
  const names = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  return new Map(
    names.map((name) => {
      const path = `/${name.replaceAll('\\', '/')}`;
      const html = readFileSync(join(dist, name), 'utf8');
      const ids = new Set(Array.from(html.matchAll(/\sid="([^"]*)"/g), ([, id = '']) => id));
      const links = Array.from(html.matchAll(/<a\b[^>]*\shref="([^"]*)"/g), ([, link = '']) => link.replaceAll('&amp;', '&'));
      return [path, { path, html, ids, links }] as const;
    }),
  );
}

export interface Links {
  /** `/page.html → link` of what leads nowhere. */
  readonly dead: readonly string[];
  /** Addresses on other hosts, each once. */
  readonly external: readonly string[];
}

export function followLinks(pages: ReadonlyMap<string, Page>): Links {
  const dead = new Set<string>();
  const external = new Set<string>();
  for (const { path, links } of pages.values()) {
    for (const link of links) {
      if (/^[a-z][a-z\d+.-]*:/i.test(link)) {
        external.add(link);
        continue;
      }
      const [to = '', id = ''] = link.split('#');
      const meant = to === '' ? path : posix.join(posix.dirname(path), to.startsWith('/') ? posix.relative(posix.dirname(path), to) : to);
      const names = to.endsWith('/') || to === '/' ? [posix.join(meant, 'index.html')] : [meant, `${meant}.html`];
      const target = names.map((name) => pages.get(name)).find((page) => page !== undefined);
      const isFile = target === undefined && /\.\w+$/.test(meant) && !meant.endsWith('.html') && existsSync(join(dist, meant));
      if (isFile || (target !== undefined && (id === '' || target.ids.has(decodeURIComponent(id))))) continue;
      dead.add(`${path} → ${link}`);
    }
  }
  return { dead: Array.from(dead).toSorted(), external: Array.from(external).toSorted() };
}
