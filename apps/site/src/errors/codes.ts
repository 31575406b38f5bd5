/**
 * The codes of every error that core, client, cache and PAC scripts make, read from their sources: what stands as `code` of an error, goes to its base
 * class, or is given to a function that calls it `code`. By syntax alone, in a second: it is part of the tests.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript-6';

import { root } from '../workspace.ts';

const packages = ['httpcore', 'client', 'cache', 'pac'];
const codeLike = /^[A-Z][A-Z\d]*(?:_[A-Z\d]+)*$/;
/** Node's names of what the system says. */
const systemCode = /^E[A-Z]+$/;
/** Codes that stand in an error of somebody else's, which ours then has as its cause, or that never leave the core. */
const foreignCodes: ReadonlySet<string> = new Set(['ERR_BUFFER_TOO_LARGE', 'NO_CAPACITY', 'SERVED_ELSEWHERE', 'Z_BUF_ERROR']);

export interface ErrorCode {
  readonly code: string;
  /** Files that make errors with it, below `packages`. */
  readonly files: readonly string[];
}

export function errorCodes(): ErrorCode[] {
  const sources = packages.flatMap((name) => sourcesBelow(join(root, 'packages', name, 'src')));
  const parsed = sources.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return /'[A-Z][A-Z\d]+(?:_[A-Z\d]+)*'|\b(?:code|defaultCode)\b[?]?: (?:string|[A-Z'])/.test(text)
      ? [ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)]
      : [];
  });
  const takers = new Map<string, Set<number>>();
  for (const source of parsed) visit(source, (node) => noteTaker(node, takers));
  const found = new Map<string, Set<string>>();
  for (const source of parsed) {
    const file = source.fileName.slice(join(root, 'packages').length + 1);
    const own = ownTakers(source);
    visit(source, (node) => {
      for (const code of codesAt(node, (name) => own.get(name) ?? takers.get(name)))
        found.set(code, (found.get(code) ?? new Set()).add(file));
    });
  }
  for (const name of http2ErrorNames()) found.set(`H2_${name}`, new Set(['httpcore/src/protocol/http2/faults.ts']));
  return Array.from(found, ([code, files]) => ({ code, files: Array.from(files) }))
    .filter(({ code }) => !foreignCodes.has(code))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

/** Where a function, or a constructor, takes a code: the places of parameters that are called so. */
type PlacesOf = (name: string) => ReadonlySet<number> | undefined;

function noteTaker(node: ts.Node, takers: Map<string, Set<number>>): void {
  if (!ts.isFunctionLike(node)) return;
  const at = codePlace(node);
  if (at < 0) return;
  const name = nameOf(node);
  takers.set(name, (takers.get(name) ?? new Set()).add(at));
}

/** The functions of one file, for those that have the name of another's. */
function ownTakers(source: ts.SourceFile): Map<string, ReadonlySet<number>> {
  const own = new Map<string, ReadonlySet<number>>();
  visit(source, (node) => {
    if (!ts.isFunctionDeclaration(node)) return;
    const at = codePlace(node);
    own.set(nameOf(node), new Set(at < 0 ? [] : [at]));
  });
  return own;
}

function codePlace(node: ts.SignatureDeclaration): number {
  return node.parameters.findIndex(({ name, type }) => isCodeName(name) && type?.kind !== ts.SyntaxKind.NumberKeyword);
}

function isCodeName(name: ts.Node): boolean {
  return ts.isIdentifier(name) && (name.text === 'code' || name.text === 'defaultCode');
}

function nameOf(node: ts.SignatureDeclaration): string {
  const owner = ts.isConstructorDeclaration(node) ? node.parent : node;
  const name = ts.getNameOfDeclaration(owner)?.getText();
  return name ?? (ts.isVariableDeclaration(owner.parent) ? owner.parent.name.getText() : '');
}

function codesAt(node: ts.Node, placesOf: PlacesOf): string[] {
  if (ts.isPropertyAssignment(node) && isCodeName(node.name)) return literalsIn(node.initializer);
  if (ts.isParameter(node) && isCodeName(node.name) && node.initializer !== undefined) return literalsIn(node.initializer);
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return [];
  const args = node.arguments ?? [];
  if (node.expression.kind === ts.SyntaxKind.SuperKeyword) {
    return isErrorName(baseOf(node)) ? args.slice(1).flatMap((argument) => literalsIn(argument)) : [];
  }
  const name = node.expression.getText().replace(/^.*\./s, '');
  const places = placesOf(name);
  if (places !== undefined) return args.flatMap((argument, at) => (places.has(at) ? literalsIn(argument) : []));
  return ts.isNewExpression(node) && isErrorName(name) ? args.slice(1).flatMap((argument) => literalsIn(argument)) : [];
}

function isErrorName(name: string | undefined): boolean {
  return name !== undefined && /Error|Timeout|Sent|Option/.test(name);
}

function baseOf(node: ts.Node): string | undefined {
  const owner = ts.findAncestor(node, ts.isClassLike);
  return owner?.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0]?.expression.getText();
}

function literalsIn(node: ts.Expression): string[] {
  if (ts.isParenthesizedExpression(node)) return literalsIn(node.expression);
  if (ts.isConditionalExpression(node)) return [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)];
  if (ts.isBinaryExpression(node)) return [...literalsIn(node.left), ...literalsIn(node.right)];
  return ts.isStringLiteral(node) && codeLike.test(node.text) && !systemCode.test(node.text) ? [node.text] : [];
}

/** Of RFC 9113 §7, as the engine has them. */
function http2ErrorNames(): string[] {
  const source = readFileSync(join(root, 'packages/httpcore/src/protocol/http2/constants.ts'), 'utf8');
  const table = /ErrorCode\b[^{]*\{([^}]*)\}/.exec(source)?.[1] ?? '';
  return Array.from(table.matchAll(/\b([A-Za-z\d_]+):\s*(?:0x)?[\da-f]+/g), ([, name = '']) => name);
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return isTestSuite(path) ? [] : sourcesBelow(path);
    return /(?<!\.test|\.test-support|\.generated)\.ts$/.test(entry.name) ? [path] : [];
  });
}

/** The suite that a dispatcher proves itself with makes errors of its own. */
function isTestSuite(folder: string): boolean {
  return folder === join(root, 'packages/httpcore/src/testing');
}
