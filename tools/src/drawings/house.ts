/** A package as a house: its folders are rooms, its imports are arrows between them. Measured from the sources, never drawn by hand. */
import { importGraph } from '../layers/circles.ts';

export interface Room {
  /** The folder's name below `src`; a file that stands there by itself has its own. */
  readonly name: string;
  readonly purpose: string;
}

export interface House {
  readonly rooms: readonly Room[];
  /** `from` imports `to`. */
  readonly arrows: readonly (readonly [from: string, to: string])[];
}

/**
 * @param sources the package's own files, tests aside, by their path.
 * @throws {Error} a room has no purpose.
 */
export function houseOf(sources: ReadonlyMap<string, string>, folder: string, purposes: Readonly<Record<string, string>>): House {
  const rooms = new Map<string, Room>();
  const arrows = new Map<string, readonly [string, string]>();
  const roomOf = (file: string): string => file.slice(folder.length).replace(/\/.*$/s, '/').replace(/\.ts$/, '');
  for (const name of Array.from(sources.keys(), roomOf)) {
    const purpose = purposes[name];
    if (purpose === undefined) throw new Error(`Say in tools/src/drawings/purposes.ts what ${folder}${name} is for`);
    rooms.set(name, { name, purpose });
  }
  for (const [file, targets] of importGraph(sources)) {
    for (const target of targets) {
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from !== to) arrows.set(`${from} ${to}`, [from, to]);
    }
  }
  return {
    rooms: Array.from(rooms.values()).sort((a, b) => (a.name < b.name ? -1 : 1)),
    arrows: Array.from(arrows.values()).sort((a, b) => (a.join(' ') < b.join(' ') ? -1 : 1)),
  };
}

/** What is left of the arrows where one is left out that two others imply: the house stays readable, and means the same. */
export function essentialArrows({ arrows }: House): (readonly [from: string, to: string])[] {
  const targets = new Map<string, string[]>();
  for (const [from, to] of arrows) targets.set(from, [...(targets.get(from) ?? []), to]);
  const reaches = (from: string, to: string): boolean => (targets.get(from) ?? []).some((next) => next === to || reaches(next, to));
  return arrows.filter(([from, to]) => !(targets.get(from) ?? []).some((next) => next !== to && reaches(next, to)));
}

/**
 * Floors from the top: a room stands below all that import it.
 * @throws {Error} the rooms import one another in a circle, so that there is no such order.
 */
export function floorsOf({ rooms, arrows }: House): Room[][] {
  const depth = new Map<string, number>();
  const visit = (name: string, above: readonly string[]): number => {
    if (above.includes(name)) throw new Error(`These folders import one another: ${[...above, name].join(' → ')}`);
    const known = depth.get(name);
    if (known !== undefined) return known;
    const importers = arrows.filter(([, to]) => to === name).map(([from]) => visit(from, [...above, name]) + 1);
    const level = Math.max(0, ...importers);
    depth.set(name, level);
    return level;
  };
  const floors: Room[][] = [];
  for (const room of rooms) (floors[visit(room.name, [])] ??= []).push(room);
  return floors;
}
