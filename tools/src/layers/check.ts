import { dirname, join } from 'node:path/posix';
import { parseSync, Visitor } from 'oxc-parser';
import type { Layer } from './layer.ts';

export interface Import {
  readonly specifier: string;
  /** Erased by the compiler: `import type`, or only `type` names between the braces. */
  readonly isType: boolean;
  readonly line: number;
}

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface Rules {
  readonly layers: readonly Layer[];
  readonly modulesOfTests: readonly string[];
}

/** Checks sources, given by their path from the root of the workspace with `/` between its parts. */
export function checkLayers(sources: ReadonlyMap<string, string>, rules: Rules): Violation[] {
  const violations: Violation[] = checkTable(rules.layers);
  for (const [file, source] of sources) {
    const layer = isTest(file) ? undefined : layerOf(file, rules.layers);
    if (layer === undefined && !isTest(file)) {
      violations.push({ file, line: 1, message: 'no layer holds this file: give its folder a row in tools/src/layers/table.ts' });
      continue;
    }
    for (const found of importsOf(file, source)) {
      const message = found.specifier.startsWith('.')
        ? refuseFile(file, join(dirname(file), found.specifier), layer, rules.layers)
        : refuseModule(found, layer, rules);
      if (message !== undefined) violations.push({ file, line: found.line, message });
    }
  }
  return violations;
}

/** A row that names itself, a row below it or nothing at all would make the order of the table a lie. */
function checkTable(layers: readonly Layer[]): Violation[] {
  return layers.flatMap(({ layer, imports }, index) =>
    imports
      .filter((name) => !layers.slice(0, index).some((above) => covers(name, above.layer)))
      .map((name) => ({ file: 'tools/src/layers/table.ts', line: 1, message: `${layer} names ${name}, which is no row above it` })),
  );
}

function refuseFile(file: string, target: string, layer: Layer | undefined, layers: readonly Layer[]): string | undefined {
  if (packageOf(target) !== packageOf(file)) return `${target} belongs to another package: import the package by its name`;
  if (layer === undefined) return undefined;
  if (isTest(target)) return `${target} is a test`;
  const targetLayer = layerOf(target, layers);
  if (targetLayer === undefined) return `no layer holds ${target}`;
  if (targetLayer === layer || layer.imports.some((name) => covers(name, targetLayer.layer))) return undefined;
  return `${layer.layer} must not import ${targetLayer.layer} (${target})`;
}

function refuseModule({ specifier, isType }: Import, layer: Layer | undefined, rules: Rules): string | undefined {
  const allowed = layer === undefined ? rules.modulesOfTests : [...(layer.modules ?? []), ...(isType ? (layer.types ?? []) : [])];
  const wildcard = specifier.startsWith('node:') ? 'node:*' : '*';
  // A package of the workspace is never covered by a wildcard.
  const isAllowed = allowed.includes(specifier) || (allowed.includes(wildcard) && !specifier.startsWith('@x/'));
  return isAllowed ? undefined : `${layer?.layer ?? 'a test'} must not import ${specifier}${isType ? '' : ' at run time'}`;
}

function covers(name: string, layer: string): boolean {
  return name.endsWith('/*') ? layer.startsWith(name.slice(0, -1)) : layer === name;
}

function layerOf(file: string, layers: readonly Layer[]): Layer | undefined {
  let best: Layer | undefined;
  let longest = 0;
  for (const layer of layers) {
    for (const prefix of layer.files) {
      if (prefix.length > longest && file.startsWith(prefix)) {
        best = layer;
        longest = prefix.length;
      }
    }
  }
  return best;
}

/** `packages/client` of `packages/client/src/index.ts`. */
function packageOf(file: string): string {
  return file.split('/', file.startsWith('tools/') ? 1 : 2).join('/');
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || /^(?:packages|apps)\/[^/]+\/test\//.test(file);
}

export function importsOf(file: string, source: string): Import[] {
  const { module, program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0]?.message}`);
  const lineAt = (offset: number): number => source.slice(0, offset).split('\n').length;
  const imports: Import[] = [];
  for (const { moduleRequest, entries, start } of module.staticImports) {
    const isType = entries.length > 0 && entries.every((entry) => entry.isType);
    imports.push({ specifier: moduleRequest.value, isType, line: lineAt(start) });
  }
  for (const { entries, start } of module.staticExports) {
    const from = entries.filter((entry) => entry.moduleRequest !== null);
    const specifier = from[0]?.moduleRequest?.value;
    if (specifier !== undefined) imports.push({ specifier, isType: from.every((entry) => entry.isType), line: lineAt(start) });
  }
  for (const { moduleRequest, start } of module.dynamicImports) {
    const literal = /^(['"])(.*)\1$/s.exec(source.slice(moduleRequest.start, moduleRequest.end))?.[2];
    imports.push({ specifier: literal ?? '(computed)', isType: false, line: lineAt(start) });
  }
  const importType = new Visitor({
    TSImportType: ({ source: { value }, start }) => imports.push({ specifier: value, isType: true, line: lineAt(start) }),
  });
  importType.visit(program);
  return imports;
}
