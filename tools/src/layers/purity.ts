/** Files that decide and do nothing: the same answer for the same question, whatever the time, the machine and the order of calls. */
import { parseSync, Visitor } from 'oxc-parser';
import type { Violation } from './check.ts';

const core = 'packages/httpcore/src';
const client = 'packages/client/src';
const cache = 'packages/cache/src';
const otel = 'packages/otel/src';

/** Beginnings of paths. */
export const pureFiles: readonly string[] = [
  `${core}/protocol/`,
  `${core}/model/`,
  `${core}/exchange/exchange-state.ts`,
  `${core}/exchange/replay.ts`,
  `${core}/pool/coalescing-rules.ts`,
  `${core}/pool/decide.ts`,
  `${core}/pool/eviction.ts`,
  `${client}/codings/codings.ts`,
  `${client}/codings/decode-now.ts`,
  `${client}/codings/zstd-frames.ts`,
  `${client}/redirects/redirect-policy.ts`,
  `${client}/request/fields/`,
  `${client}/request/url/`,
  `${client}/retries/retry-after.ts`,
  `${client}/time/backoff.ts`,
  `${cache}/rules/`,
  `${otel}/error-facts.ts`,
  `${otel}/request-facts.ts`,
];

/** Of the platform: what gives another answer each time, and what comes later. */
const impure = new Set([
  'Date',
  'performance',
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'crypto',
]);
const pureModules = new Set(['node:buffer', 'node:crypto', 'node:zlib', 'node:util', 'node:util/types', 'node:url', 'node:net']);

/** What a pure file must not have: a clock, chance, I/O, a promise. */
export function checkPurity(sources: ReadonlyMap<string, string>, pure: readonly string[] = pureFiles): Violation[] {
  const violations: Violation[] = [];
  for (const [file, source] of sources) {
    if (file.includes('.test') || file.endsWith('.generated.ts') || !pure.some((prefix) => file.startsWith(prefix))) continue;
    const refuse = (offset: number, what: string): void => {
      violations.push({ file, line: source.slice(0, offset).split('\n').length, message: `${what}: this file decides and does nothing` });
    };
    const { program, module } = parseSync(file, source);
    for (const { moduleRequest, start, entries } of module.staticImports) {
      const isType = entries.length > 0 && entries.every((entry) => entry.isType);
      if (moduleRequest.value.startsWith('node:') && !pureModules.has(moduleRequest.value) && !isType) refuse(start, moduleRequest.value);
    }
    const visitor = new Visitor({
      FunctionDeclaration({ async, start }) {
        if (async) refuse(start, 'an async function');
      },
      FunctionExpression({ async, start }) {
        if (async) refuse(start, 'an async function');
      },
      ArrowFunctionExpression({ async, start }) {
        if (async) refuse(start, 'an async function');
      },
      NewExpression({ callee, start, arguments: given }) {
        if (callee.type !== 'Identifier') return;
        // Of a given moment it is arithmetic.
        if (callee.name === 'Promise' || (callee.name === 'Date' && given.length === 0)) refuse(start, `new ${callee.name}`);
      },
      CallExpression({ callee, start }) {
        if (callee.type === 'Identifier' && impure.has(callee.name)) refuse(start, `${callee.name}()`);
      },
      MemberExpression({ object, property, start }) {
        if (object.type !== 'Identifier') return;
        const member = property.type === 'Identifier' ? property.name : '';
        if (object.name === 'Math' && member === 'random') refuse(start, 'Math.random');
        const isParser = object.name === 'Date' && (member === 'parse' || member === 'UTC');
        if (impure.has(object.name) && !isParser) refuse(start, `${object.name}.${member}`);
        if (object.name === 'Promise') refuse(start, 'Promise');
      },
    });
    visitor.visit(program);
  }
  return violations;
}
