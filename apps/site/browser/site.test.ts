/** The built site in a real browser: `npm run test:site` builds it and runs this. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { AxeBuilder } from '@axe-core/playwright';
import { installedProgram } from '@x/testbed';
import { chromium, type Browser, type Page as BrowserPage } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { serveFolder, type Served } from '../src/serve.ts';
import { publishedPackages, root } from '../src/workspace.ts';
import { builtPages, dist, followLinks } from './built-site.ts';

const output = process.env['CI_OUTPUT'];
if (output !== undefined) mkdirSync(join(output, 'site'), { recursive: true });
const executablePath = installedProgram('chromium');
const pages = builtPages();
/** One of each kind, small ones: to look at every element takes its time. */
const kinds = ['/', '/guides', '/client/redirects', '/architecture', '/api/client/time', '/errors/connect-failed', '/decisions/'];
const guides = Array.from(pages.keys(), (path) => path.replace(/\.html$/, '')).filter(
  (path) => !/^\/(?:404|errors\/|api\/|decisions\/)/.test(path),
);

describe('the pages', () => {
  it('lead nowhere that is not there, and tell where they lead outside', () => {
    const { dead, external } = followLinks(pages);
    expect(dead).toEqual([]);
    expect(external.filter((link) => !/^https?:\/\//.test(link))).toEqual([]);
    save('external-links.txt', `${external.join('\n')}\n`);
  });
});

describe('the reference', () => {
  /** The reports of the packages' public interface list what is exported, by another tool. */
  const reports = publishedPackages().flatMap(({ folder }) => {
    const etc = join(root, 'packages', folder, 'etc');
    return readdirSync(etc).map((name) => [name, readFileSync(join(etc, name), 'utf8')] as const);
  });

  it.each(reports)('has everything that %s lists', (_name, report) => {
    const ids = new Set(Array.from(pages.values()).flatMap((page) => (page.path.startsWith('/api/') ? Array.from(page.ids) : [])));
    const names = Array.from(
      report.matchAll(/^export (?:(?:declare |abstract )*(?:class|function|interface|type|const)) (\w+)/gm),
      ([, name = '']) => name,
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !ids.has(name))).toEqual([]);
  });
});

describe.skipIf(executablePath === undefined)('in a browser', () => {
  let served: Served;
  let browser: Browser;
  beforeAll(async () => {
    served = await serveFolder(dist);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  });
  afterAll(async () => {
    await browser.close();
    await served[Symbol.asyncDispose]();
  });

  /** Problems are what the console says, what is thrown, and what is asked of anybody else. */
  async function open(
    path: string,
    options: { width?: number; colorScheme?: 'light' | 'dark' } = {},
  ): Promise<{ page: BrowserPage; problems: string[] }> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: 900 },
      colorScheme: options.colorScheme ?? 'light',
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(`${path}: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(`${path}: ${error.message}`));
    page.on('response', (response) => response.status() >= 400 && problems.push(`${path}: ${response.url()} is ${response.status()}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(served.origin) && !request.url().startsWith('data:')) problems.push(`${path}: asks ${request.url()}`);
    });
    await page.goto(served.origin + path, { waitUntil: 'load' });
    await page.locator('#app .VPContent').waitFor();
    return { page, problems };
  }

  it('the search finds options, codes and guides, and leads there', async () => {
    const { page, problems } = await open('/');
    for (const [asked, found] of [
      ['maxConnectionsPerOrigin', '/api/httpcore/model'],
      ['ECONNREFUSED', '/errors/connect-failed'],
      ['credentials proxy', '/proxies'],
    ] as const) {
      await page.keyboard.press('Control+k');
      await page.locator('.VPLocalSearchBox input').fill(asked);
      const result = page.locator(`.VPLocalSearchBox a.result[href*="${found}"]`).first();
      await result.waitFor();
      await result.click();
      await page.waitForURL(`**${found}*`);
    }
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('tabs of code switch', async () => {
    const { page } = await open('/coming-from');
    const group = page.locator('.vp-code-group').first();
    const [first, second] = [group.locator('.blocks > div').nth(0), group.locator('.blocks > div').nth(1)];
    expect([await first.isVisible(), await second.isVisible()]).toEqual([true, false]);
    await group.locator('.tabs label').nth(1).click();
    expect([await first.isVisible(), await second.isVisible()]).toEqual([false, true]);
    await page.context().close();
  });

  it('light turns dark, and back', async () => {
    const { page } = await open('/guides', { width: 1440 });
    const background = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.locator('.VPNavBar button.VPSwitchAppearance').first().click();
    expect(await background()).not.toBe(light);
    await page.locator('.VPNavBar button.VPSwitchAppearance').first().click();
    expect(await background()).toBe(light);
    await page.context().close();
  });

  it('the console stays empty and a width of 360 pixels is enough, for every guide and one of each other kind', async () => {
    const { page, problems } = await open('/', { width: 360 });
    for (const path of new Set([...guides, ...kinds])) {
      await page.goto(served.origin + path, { waitUntil: 'load' });
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > 360) problems.push(`${path}: ${width} pixels wide`);
    }
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it.each(kinds.flatMap((path) => [[path, 'light'] as const, [path, 'dark'] as const]))(
    '%s can be read by everybody (%s)',
    async (path, colorScheme) => {
      const { page } = await open(path, { colorScheme });
      const name = path === '/' ? 'home' : path.split('/').filter(Boolean).join('-');
      if (output !== undefined) await page.screenshot({ path: join(output, 'site', `${name}-${colorScheme}.png`) });
      expect(await complaintsOf(page, colorScheme === 'dark')).toEqual([]);
      await page.context().close();
    },
  );

  it('tabs of code can be read by everybody', async () => {
    const { page } = await open('/coming-from');
    expect(await complaintsOf(page, false, '.vp-code-group')).toEqual([]);
    await page.context().close();
  });
});

/** What is dark is otherwise as what is light: only its colours are looked at. */
async function complaintsOf(page: BrowserPage, onlyColours: boolean, part?: string): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  if (part !== undefined) axe.include(part);
  if (onlyColours) axe.withRules(['color-contrast']);
  // The key beside the word "Search" is no part of the button's name.
  else axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']).disableRules(['label-content-name-mismatch']);
  const { violations } = await axe.analyze();
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .slice(0, 3)
        .map(({ target }) => target.join(' '))
        .join(', ')}`,
  );
}

function save(name: string, text: string): void {
  if (output === undefined) return;
  writeFileSync(join(output, 'site', name), text);
}
