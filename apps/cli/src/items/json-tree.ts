/**
 * Fields with nested names become JSON text: `a[b][c]=1`, `list[]=x`, `list[2]=x`, `[0]=x` for an array at the top. Leaves are JSON text already, so that
 * no number is rounded on its way.
 */
import { UsageError } from '../usage-error.ts';

type Node =
  | { readonly kind: 'leaf'; json: string }
  | { readonly kind: 'object'; readonly members: Map<string, Node> }
  | { readonly kind: 'array'; readonly elements: (Node | undefined)[] };

/** `undefined`: one more at the end. */
type Step = string | number | undefined;

/** An index beyond this would be a list of nothing. */
const MOST_ELEMENTS = 10_000;
const DEEPEST = 100;

export class JsonTree {
  #root: Node | undefined;

  /** @param json The value as JSON text. @throws {UsageError} it contradicts what was said before, or is no name. */
  set(name: string, json: string): void {
    const path = readPath(name);
    let node = (this.#root ??= emptyFor(path[0]));
    for (const [depth, step] of path.entries()) {
      const next = path[depth + 1];
      const child: Node = depth === path.length - 1 ? { kind: 'leaf', json } : emptyFor(next);
      node = descend(node, step, child, name, depth === path.length - 1);
    }
  }

  get isEmpty(): boolean {
    return this.#root === undefined;
  }

  toString(): string {
    return this.#root === undefined ? '{}' : textOf(this.#root);
  }
}

function emptyFor(step: Step): Node {
  return typeof step === 'string' ? { kind: 'object', members: new Map() } : { kind: 'array', elements: [] };
}

function descend(node: Node, step: Step, child: Node, name: string, isLast: boolean): Node {
  if (node.kind === 'object' && typeof step === 'string') {
    const there = isLast ? undefined : node.members.get(step);
    if (there === undefined) node.members.set(step, child);
    return there ?? child;
  }
  if (node.kind === 'array' && typeof step !== 'string') {
    const index = step ?? node.elements.length;
    if (index >= MOST_ELEMENTS)
      throw new UsageError(`${name}: a list of more than ${MOST_ELEMENTS} elements can not be written with items; use --data @FILE`);
    const there = isLast ? undefined : node.elements[index];
    if (there === undefined) node.elements[index] = child;
    return there ?? child;
  }
  const is = node.kind === 'leaf' ? 'a value' : node.kind === 'array' ? 'a list' : 'an object';
  throw new UsageError(`${name} needs ${typeof step === 'string' ? 'an object' : 'a list'} where an item before it says ${is}`);
}

/** @throws {UsageError} a bracket is not closed, or something stands behind one. */
function readPath(name: string): Step[] {
  const [, first = '', rest = ''] = /^((?:[^[\\]|\\.|\\$)*)(.*)$/su.exec(name) ?? [];
  const steps: Step[] = first === '' && rest !== '' ? [] : [unescaped(first)];
  let left = rest;
  while (left !== '') {
    const [whole = '', inside] = /^\[((?:[^[\]\\]|\\.)*)\]/su.exec(left) ?? [];
    if (inside === undefined)
      throw new UsageError(
        `${JSON.stringify(name)} is no name: a bracket is not closed, or is not followed by another; \\[ means the character itself`,
      );
    steps.push(inside === '' ? undefined : /^\d{1,9}$/u.test(inside) ? Number(inside) : unescaped(inside));
    left = left.slice(whole.length);
  }
  if (steps.length > DEEPEST) throw new UsageError(`${JSON.stringify(name.slice(0, 40))}… is nested more than ${DEEPEST} deep`);
  return steps;
}

/** `\1` is the text 1 and no index. */
function unescaped(text: string): string {
  return text.replace(/\\([\\[\]\d])/gu, '$1');
}

function textOf(node: Node): string {
  if (node.kind === 'leaf') return node.json;
  if (node.kind === 'array') return `[${Array.from(node.elements, (each) => (each === undefined ? 'null' : textOf(each))).join(', ')}]`;
  return `{${Array.from(node.members, ([name, each]) => `${JSON.stringify(name)}: ${textOf(each)}`).join(', ')}}`;
}
