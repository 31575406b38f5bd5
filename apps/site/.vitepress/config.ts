import { readFileSync } from 'node:fs';

import { defineConfig, type DefaultTheme } from 'vitepress';

import { slug } from '../src/guides.ts';
import { pagesFolder } from '../src/prepare.ts';

export default defineConfig({
  title: '@x/client',
  description: 'An HTTP stack for Node and TypeScript',
  lang: 'en',
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: 'node_modules/.cache/vitepress',
  metaChunk: true,
  head: [['link', { rel: 'icon', href: '/favicon.svg', type: 'image/svg+xml' }]],
  markdown: {
    anchor: { slugify: slug },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        // Words are looked for, not colours: each page would be highlighted once more.
        _render: (text, env, markdown) => markdown.render(text.replaceAll(/^```.+$/gm, '```text'), env),
      },
    },
    nav: [
      { text: 'Guides', link: '/guides' },
      { text: 'Reference', link: '/api/' },
      { text: 'Errors', link: '/errors/' },
      { text: 'Coming from …', link: '/coming-from' },
    ],
    sidebar: JSON.parse(readFileSync(`${pagesFolder}/sidebar.json`, 'utf8')) as DefaultTheme.Sidebar,
    outline: { level: 2, label: 'On this page' },
    externalLinkIcon: true,
  },
});
