/** Declarations as they are shown: without comments, bodies and what is private, each name that the reference knows a link. */
import ts from 'typescript-6';

import type { Exported, Reference } from './exports.ts';

export interface Member {
  readonly name: string;
  readonly declarations: readonly ts.Declaration[];
}

/** How a page refers to what stands on another, or on itself. */
export type LinkTo = (target: Exported) => string;

const modifiersToDrop: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.ExportKeyword,
  ts.SyntaxKind.DefaultKeyword,
  ts.SyntaxKind.AsyncKeyword,
  ts.SyntaxKind.OverrideKeyword,
  ts.SyntaxKind.DeclareKeyword,
  ts.SyntaxKind.PublicKeyword,
]);

/** Its head alone, for what has members: these are shown one by one. */
export function signatureOf({ checker, find }: Reference, declaration: ts.Declaration, linkTo: LinkTo): string {
  const pieces: string[] = [];
  const write = (node: ts.Node): void => {
    if (isLeftOut(node)) return;
    if (node.kind === ts.SyntaxKind.ConstructorKeyword) {
      pieces.push(`<b>new</b> ${escape((declaration.parent as ts.ClassDeclaration).name?.text ?? '')}`);
      return;
    }
    if (ts.isParameter(node) && node.initializer !== undefined) {
      writeOptional(node);
      return;
    }
    const text = node.getSourceFile().text;
    let at = node.getStart();
    for (const child of childrenOf(node)) {
      pieces.push(escape(withoutComments(text.slice(at, child.getStart()))));
      write(child);
      at = child.getEnd();
      if (isLeftOut(child)) at = skipSpace(text, at);
    }
    if (childrenOf(node).length === 0) {
      pieces.push(tokenText(node));
      return;
    }
    pieces.push(escape(withoutComments(text.slice(at, node.getEnd()))));
  };
  /** What has a default may be left out; which default, its type or its comment says. */
  const writeOptional = (node: ts.ParameterDeclaration): void => {
    write(node.name);
    pieces.push('?: ');
    if (node.type === undefined)
      pieces.push(escape(checker.typeToString(checker.getBaseTypeOfLiteralType(checker.getTypeAtLocation(node)))));
    else write(node.type);
  };
  const tokenText = (node: ts.Node): string => {
    const text = escape(node.getText());
    if (node.kind >= ts.SyntaxKind.FirstKeyword && node.kind <= ts.SyntaxKind.LastKeyword) return `<b>${text}</b>`;
    if (node.kind === ts.SyntaxKind.StringLiteral) return `<i>${text}</i>`;
    if (!ts.isIdentifier(node)) return text;
    const known = find(checker.getSymbolAtLocation(node));
    return known === undefined || known.declarations.includes(declaration) ? text : `<a href="${linkTo(known)}">${text}</a>`;
  };

  if (ts.isVariableDeclaration(declaration)) {
    const type = declaration.type;
    pieces.push(`<b>const</b> ${escape(declaration.name.getText())}: `);
    if (type === undefined) pieces.push(escape(checker.typeToString(checker.getTypeAtLocation(declaration))));
    else write(type);
    return outdent(pieces.join(''));
  }
  if (ts.isPropertyDeclaration(declaration) && declaration.type === undefined) {
    write(declaration.name);
    pieces.push(`: ${escape(checker.typeToString(checker.getTypeAtLocation(declaration)))}`);
    return outdent(pieces.join(''));
  }
  write(declaration);
  // What may be left out may be `undefined`: the mark says it.
  const isOptional =
    (ts.isPropertySignature(declaration) || ts.isPropertyDeclaration(declaration)) && declaration.questionToken !== undefined;
  const text = outdent(pieces.join(''));
  return isOptional ? text.replace(/ \| <b>undefined<\/b>;?$/, '') : text;
}

/** What it has itself, and what comes from a type that the reference does not show. */
export function membersOf(reference: Reference, { declarations }: Exported): Member[] {
  const members = new Map<string, Member>();
  const own = declarations.filter((declaration) => ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration));
  if (own.length === 0) return [];
  const shown = new Set<ts.Node>();
  const visit = (declaration: ts.ClassDeclaration | ts.InterfaceDeclaration): void => {
    if (shown.has(declaration)) return;
    shown.add(declaration);
    for (const member of declaration.members as ts.NodeArray<ts.Declaration>) {
      const name = memberName(member);
      // The name of an error is that of its class.
      if (name === undefined || isHidden(member) || (name === 'name' && ts.isClassDeclaration(declaration))) continue;
      const known = members.get(name);
      members.set(name, { name, declarations: [...(known?.declarations ?? []), member] });
    }
    for (const base of basesOf(reference.checker, declaration)) {
      if (reference.find(base) !== undefined) continue;
      for (const inherited of base.getDeclarations() ?? []) {
        const isOurs = !inherited.getSourceFile().isDeclarationFile;
        if (isOurs && (ts.isClassDeclaration(inherited) || ts.isInterfaceDeclaration(inherited))) visit(inherited);
      }
    }
  };
  for (const declaration of own) visit(declaration);
  const inOrder = Array.from(members.values()).sort((a, b) => Number(b.name === 'constructor') - Number(a.name === 'constructor'));
  return inOrder.map((member) => ({ ...member, declarations: withoutImplementation(member.declarations) }));
}

function basesOf(checker: ts.TypeChecker, declaration: ts.ClassDeclaration | ts.InterfaceDeclaration): ts.Symbol[] {
  const heritage = (declaration.heritageClauses ?? []).filter(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  return heritage.flatMap(({ types }) =>
    types.flatMap(({ expression }) => {
      const symbol = checker.getSymbolAtLocation(expression);
      if (symbol === undefined) return [];
      return [(symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol)];
    }),
  );
}

/** Of overloads, those that callers see. */
export function withoutImplementation(declarations: readonly ts.Declaration[]): readonly ts.Declaration[] {
  if (declarations.length === 1) return declarations;
  return declarations.filter((declaration) => !('body' in declaration) || declaration.body === undefined || ts.isAccessor(declaration));
}

function memberName(member: ts.Declaration): string | undefined {
  if (ts.isConstructorDeclaration(member)) return 'constructor';
  if (ts.isCallSignatureDeclaration(member)) return '()';
  if (ts.isIndexSignatureDeclaration(member)) return '[name]';
  const name = ts.getNameOfDeclaration(member);
  return name === undefined || ts.isPrivateIdentifier(name) ? undefined : name.getText();
}

function isHidden(member: ts.Declaration): boolean {
  if ((ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0) return true;
  return ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal' || tagName.text === 'package');
}

/** Tokens and nodes, comments aside. */
function childrenOf(node: ts.Node): readonly ts.Node[] {
  return node.getChildren().filter((child) => !ts.isJSDoc(child));
}

function isLeftOut(node: ts.Node): boolean {
  const { parent } = node;
  if (modifiersToDrop.has(node.kind)) return true;
  if (ts.isBlock(node) || ts.isDecorator(node)) return true;
  // A list of modifiers that are all left out takes its space along.
  if (
    node.kind === ts.SyntaxKind.SyntaxList &&
    node.getChildCount() > 0 &&
    node.getChildren().every((child) => modifiersToDrop.has(child.kind))
  )
    return true;
  if (parent === undefined) return false;
  // Members are shown one by one: neither they nor their braces.
  if (ts.isClassDeclaration(parent) || ts.isInterfaceDeclaration(parent)) {
    const braces = parent.getChildren().findIndex(({ kind }) => kind === ts.SyntaxKind.OpenBraceToken);
    return parent.getChildren().indexOf(node) >= braces;
  }
  return ts.isPropertyDeclaration(parent) && (parent.initializer === node || node.kind === ts.SyntaxKind.EqualsToken);
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replaceAll(/\n\s*\n/g, '\n');
}

function skipSpace(text: string, at: number): number {
  return at + /^\s*/.exec(text.slice(at))![0].length;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function outdent(text: string): string {
  const lines = text
    .trim()
    .replace(/[;{]\s*$/, '')
    .trimEnd()
    .split('\n');
  const indents = lines
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => /^ */.exec(line)![0].length);
  const least = Math.min(...indents, Infinity);
  // The last line of a type closes what the first has opened.
  const margin = Number.isFinite(least) ? least : 0;
  return [lines[0]!, ...lines.slice(1).map((line) => line.slice(margin))].join('\n');
}
