/** Files that import one another, directly or around several corners. Types count: a reader follows them as well. */
import { dirname, join } from 'node:path/posix';
import { importsOf } from './check.ts';

/** File → the files that it imports by path. */
export function importGraph(sources: ReadonlyMap<string, string>): Map<string, readonly string[]> {
  return new Map(
    Array.from(sources, ([file, source]) => {
      const targets = importsOf(file, source)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => join(dirname(file), specifier))
        .filter((target) => sources.has(target));
      return [file, Array.from(new Set(targets))] as const;
    }),
  );
}

/** Each circle once, as the files on it in the order of their imports: the strongly connected components of the graph (Tarjan). */
export function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const onPath = new Set<string>();
  const circles: string[][] = [];

  function visit(file: string): number {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    path.push(file);
    onPath.add(file);
    for (const target of graph.get(file) ?? []) {
      if (!order.has(target)) lowest.set(file, Math.min(lowest.get(file)!, visit(target)));
      else if (onPath.has(target)) lowest.set(file, Math.min(lowest.get(file)!, order.get(target)!));
    }
    if (lowest.get(file) === order.get(file)) {
      const circle = path.splice(path.indexOf(file));
      for (const member of circle) onPath.delete(member);
      if (circle.length > 1 || graph.get(file)?.includes(file) === true) circles.push(circle);
    }
    return lowest.get(file)!;
  }

  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}
