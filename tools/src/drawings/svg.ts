import { essentialArrows, floorsOf, type House, type Room } from './house.ts';

const roomWidth = 168;
const roomHeight = 44;
const gapX = 28;
const gapY = 52;
const margin = 16;

interface Placed extends Room {
  readonly x: number;
  readonly y: number;
}

/** The house as a picture that looks right on light and on dark ground. */
export function svgOf(house: House, title: string): string {
  const floors = floorsOf(house);
  const widest = Math.max(...floors.map((floor) => floor.length));
  const width = widest * (roomWidth + gapX) - gapX + 2 * margin;
  const height = floors.length * (roomHeight + gapY) - gapY + 2 * margin;
  const placed = new Map<string, Placed>();
  for (const [level, floor] of floors.entries()) {
    const left = (width - (floor.length * (roomWidth + gapX) - gapX)) / 2;
    for (const [column, room] of byNeighbours(floor, house, placed).entries()) {
      placed.set(room.name, { ...room, x: left + column * (roomWidth + gapX), y: margin + level * (roomHeight + gapY) });
    }
  }
  const arrows = essentialArrows(house).map(([from, to]) => arrow(placed.get(from)!, placed.get(to)!));
  const rooms = Array.from(placed.values(), box);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    '<style>',
    '.room{fill:#eef3fb;stroke:#5b7db1}.name{font:600 14px system-ui,sans-serif;fill:#1c2a40}.purpose{font:11px system-ui,sans-serif;fill:#50607a}',
    '.arrow{fill:none;stroke:#8a94a6;stroke-width:1.2}.tip{fill:#8a94a6}',
    '@media (prefers-color-scheme:dark){.room{fill:#1d2736;stroke:#6f8fc0}.name{fill:#e6edf8}.purpose{fill:#a7b4c8}}',
    '</style>',
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>',
    ...arrows,
    ...rooms,
    '</svg>',
    '',
  ].join('\n');
}

/** Beneath those that import it, so that few arrows cross. */
function byNeighbours(floor: readonly Room[], { arrows }: House, placed: ReadonlyMap<string, Placed>): Room[] {
  const middle = ({ name }: Room): number => {
    const above = arrows.flatMap(([from, to]) => (to === name && placed.has(from) ? [placed.get(from)!.x] : []));
    return above.length === 0 ? 0 : above.reduce((sum, x) => sum + x, 0) / above.length;
  };
  return floor.toSorted((a, b) => middle(a) - middle(b) || (a.name < b.name ? -1 : 1));
}

function box({ name, purpose, x, y }: Placed): string {
  return [
    `<rect class="room" x="${x}" y="${y}" width="${roomWidth}" height="${roomHeight}" rx="6"/>`,
    `<text class="name" x="${x + roomWidth / 2}" y="${y + 19}" text-anchor="middle">${name}</text>`,
    `<text class="purpose" x="${x + roomWidth / 2}" y="${y + 35}" text-anchor="middle">${purpose}</text>`,
  ].join('');
}

function arrow(from: Placed, to: Placed): string {
  const [x1, y1] = [from.x + roomWidth / 2, from.y + roomHeight];
  const [x2, y2] = [to.x + roomWidth / 2, to.y];
  const bend = Math.min(gapY, (y2 - y1) / 2);
  return `<path class="arrow" marker-end="url(#tip)" d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`;
}
