import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CacheError } from '@x/cache';
import { ClientError } from '@x/client';
import { HttpCoreError } from '@x/httpcore';
import { PacError } from '@x/pac';
import { describe, expect, it } from 'vitest';

import { root } from '../workspace.ts';
import { errorCodes } from './codes.ts';

const folder = join(root, 'apps/docs/errors');
const codes = errorCodes().map(({ code }) => code);
const pages = readdirSync(folder).map((file) => file.replace(/\.md$/, ''));

describe('the codes of errors', () => {
  it('are found in the sources, however they reach their error', () => {
    // By the base class, as a property, by a condition, through a function, in a template, of a class without a constructor.
    const ways = ['CONNECT_TIMEOUT', 'BODY_CLOSED', 'TRUNCATED_CODING', 'INVALID_CHUNK', 'H2_REFUSED_STREAM', 'STORE_TIMEOUT'];
    expect(codes).toEqual(expect.arrayContaining(ways));
    expect(codes).not.toContain('ENABLE_PUSH');
  });

  it('have a page each, and each page has a code', () => {
    const wanted = codes.map((code) => code.toLowerCase().replaceAll('_', '-'));
    // A page is missing, or is about a code that nobody makes any more: apps/docs/errors.
    expect(pages.toSorted()).toEqual(wanted.toSorted());
  });

  it.each(pages)('%s says what it is, whose, what it means and what to do', (page) => {
    const [title, who, meaning, advice] = readFileSync(join(folder, `${page}.md`), 'utf8').split('\n\n');
    expect(title).toBe(`# ${page.toUpperCase().replaceAll('-', '_')}`);
    expect(who).toMatch(/^(?:`\w+`.* of `@x\/[\w/]+`|A warning of the process: `\w+`)$/);
    expect(meaning).toMatch(/\.$/);
    expect(advice).toMatch(/^\*\*What to do\.\*\* /);
  });

  it.each([
    ['the core', new HttpCoreError('', { code: 'CONNECT_FAILED' })],
    ['the client', new ClientError('', { code: 'CONNECT_FAILED' })],
    ['the cache', new CacheError('', 'CONNECT_FAILED')],
    ['PAC scripts', new PacError('', { code: 'CONNECT_FAILED' })],
  ])('lead to their page from an error of %s', (_of, error) => {
    expect(error.help).toBe('errors/connect-failed');
    expect(pages).toContain(error.help.replace('errors/', ''));
    // A getter of the class: no error gets longer where it is printed.
    expect(Object.keys(error)).not.toContain('help');
  });
});
