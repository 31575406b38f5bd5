/** Everything that the entries of the packages export, found by the compiler in the sources: no build is needed. */
import { join, relative } from 'node:path';
import ts from 'typescript-6';

import { root, type PublishedPackage } from '../workspace.ts';
import { noComment, parseComment, type DocComment } from './comment.ts';

export interface Exported {
  readonly name: string;
  readonly symbol: ts.Symbol;
  /** Those of its own package first: `@x/client`, `@x/client/testing`. */
  readonly entries: readonly string[];
  readonly declarations: readonly ts.Declaration[];
  readonly comment: DocComment;
  /** The page that it stands on: `client/retries`. */
  readonly page: string;
  readonly anchor: string;
}

export interface Reference {
  readonly checker: ts.TypeChecker;
  readonly exported: readonly Exported[];
  /** By the symbol itself, never by an alias of it. */
  find(symbol: ts.Symbol | undefined): Exported | undefined;
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};

export function readReference(packages: readonly PublishedPackage[]): Reference {
  const entries = packages.flatMap((published) => published.entries.map((entry) => ({ ...entry, published })));
  const program = ts.createProgram({
    rootNames: entries.map(({ source }) => source),
    options: { ...options, typeRoots: [join(root, 'node_modules/@types')] },
  });
  const checker = program.getTypeChecker();
  const found = new Map<ts.Symbol, { name: string; entries: string[] }>();
  // The package that a thing is declared in names it before those that pass it on.
  const passes = [true, false].flatMap((isOwn) => entries.map((entry) => ({ ...entry, isOwn })));
  for (const { source, specifier, published, isOwn } of passes) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(source)!);
    if (module === undefined) throw new Error(`${source} exports nothing`);
    for (const alias of checker.getExportsOfModule(module)) {
      const symbol = unaliased(checker, alias);
      if (isDeclaredIn(symbol, published) !== isOwn) continue;
      const known = found.get(symbol);
      if (known === undefined) found.set(symbol, { name: alias.name, entries: [specifier] });
      else known.entries.push(specifier);
    }
  }
  const exported = new Map<ts.Symbol, Exported>();
  for (const [symbol, { name, entries: where }] of found) {
    const declarations = symbol.getDeclarations() ?? [];
    exported.set(symbol, {
      name,
      symbol,
      entries: where,
      declarations,
      comment: commentOf(declarations),
      page: pageOf(declarations[0]!),
      anchor: anchorOf(name),
    });
  }
  return {
    checker,
    exported: Array.from(exported.values()).toSorted((a, b) => compare(a.name, b.name)),
    find: (symbol) => symbol && exported.get(unaliased(checker, symbol)),
  };
}

export function compare(a: string, b: string): number {
  const [low, high] = [a.toLowerCase(), b.toLowerCase()];
  if (low !== high) return low < high ? -1 : 1;
  return a < b ? -1 : 1;
}

/** With its case: `Mock` and `mock` stand on one page. */
export function anchorOf(name: string): string {
  return name.replaceAll(/[^A-Za-z\d_$]+/g, '-').replaceAll(/^-|-$/g, '');
}

/** The comment right before the first declaration that has one. */
export function commentOf(declarations: readonly ts.Node[]): DocComment {
  for (const declaration of declarations) {
    // A variable's comment stands before its statement.
    const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    const comment = ts.getJSDocCommentsAndTags(node).findLast((part) => ts.isJSDoc(part));
    if (comment !== undefined) return parseComment(comment.getText());
  }
  return noComment;
}

export function unaliased(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

function isDeclaredIn(symbol: ts.Symbol, { folder }: PublishedPackage): boolean {
  const file = symbol.getDeclarations()?.[0]?.getSourceFile().fileName ?? '';
  return !relative(join(root, 'packages', folder, 'src'), file).startsWith('..');
}

/** `client/retries` for what is declared in `packages/client/src/retries/…`; what stands in no folder is on the page of its package, errors aside. */
function pageOf(declaration: ts.Declaration): string {
  const file = relative(join(root, 'packages'), declaration.getSourceFile().fileName).replaceAll('\\', '/');
  const [, folder, room] = /^([^/]+)\/src\/([^/]+)/.exec(file) ?? [];
  if (folder === undefined || room === undefined) throw new Error(`${file} is in no package of ours, and what it declares is exported`);
  if (room === 'errors.ts') return `${folder}/errors`;
  return `${folder}/${room.endsWith('.ts') ? folder : room}`;
}
