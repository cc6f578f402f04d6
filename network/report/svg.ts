import type { Cell, Matrix, Verdict } from '../matrix';
import type { Destination } from '../destination';

const CELL = 30;
const HEADER = 210;
const MARGIN = 24;
const FONT = 'font-family="ui-sans-serif, system-ui, Helvetica, Arial, sans-serif"';
const COLORS: Readonly<Record<Verdict, { readonly fill: string; readonly ink: string; readonly mark: string; readonly meaning: string }>> = {
  open: { fill: '#c62828', ink: '#ffffff', mark: '●', meaning: 'open' },
  unknown: { fill: '#f9a825', ink: '#3e2700', mark: '?', meaning: 'not modelled, counts as open' },
  limited: { fill: '#90caf9', ink: '#0d2b45', mark: '◐', meaning: 'only what is named or one\'s own' },
  closed: { fill: '#eef1f4', ink: '#b5bec8', mark: '·', meaning: 'closed' },
};

/** Columns that differ only in who owns them are drawn under one heading. */
const GROUPS: Readonly<Record<Destination['group'], string>> = {
  internet: 'internet',
  domains: 'allowed names',
  dns: 'DNS',
  metadata: 'metadata',
  neighbours: 'neighbours',
  endpoints: 'AWS services',
  'foreign-accounts': 'services of others',
  workloads: 'workloads',
  'load-balancers': 'load balancers',
  stores: 'stores',
  nodes: 'node',
  unknown: 'unknown',
};

/** The matrix as a picture: a row for each who can begin a connection, a column for each destination; hovering shows the way. */
export function svgReport(matrix: Matrix): string {
  const columns = [...matrix.destinations].sort((a, b) => order(a) - order(b));
  const rows = matrix.rows.filter((row) => matrix.cells.some(({ from }) => from.id === row.id));
  const left = MARGIN + 16 + Math.max(110, ...rows.map(({ name }) => width(shorten(name)) + 10));
  const gaps = columns.map((_, index) => columns.slice(1, index + 1).filter(({ group }, at) => group !== columns[at]!.group).length);
  const x = (index: number) => left + index * CELL + (gaps[index] ?? 0) * 10;
  const top = MARGIN + 46 + HEADER;
  const right = x(Math.max(0, columns.length - 1)) + CELL;
  const bottom = top + rows.length * CELL;
  const cells = new Map(matrix.cells.map((cell) => [`${cell.from.id} ${cell.to.id}`, cell]));
  const body = rows.flatMap((row, index) => [
    text(left - 10, top + index * CELL + 19, shorten(row.name), 'end', 13, '#1f2933', row.role === undefined ? row.kind : `${row.kind}, ${row.role}`),
    ...columns.map((column, at) => drawCell(cells.get(`${row.id} ${column.id}`), x(at), top + index * CELL)),
  ]);
  const heads = columns.map((column, at) => `<text ${FONT} font-size="12" fill="#1f2933" transform="translate(${x(at) + CELL / 2 + 4} ${top - 8}) rotate(-60)">${escape(shorten(column.label, 34))}</text>`);
  const bands = groupBands(columns, x, bottom);
  const total = Math.max(right + 140, left + 640);
  const legend = drawLegend(left, bottom + 42);
  const height = bottom + 82 + Math.min(6, matrix.unknowns.length) * 16;
  const notes = matrix.unknowns.slice(0, 6).map(({ subject, why }, index) => text(left, bottom + 88 + index * 16, `? ${shorten(subject, 50)} ${why}`, 'start', 11, '#7a4f01'));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(total)} ${height}" width="${Math.ceil(total)}" height="${height}" role="img" aria-label="Who can open a connection to whom">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(MARGIN, MARGIN + 14, 'Who can open a connection to whom', 'start', 18, '#1f2933'),
    text(MARGIN, MARGIN + 34, `${matrix.cells.length} pairs, computed from the templates`, 'start', 12, '#52606d'),
    ...heads,
    ...body,
    ...bands,
    ...legend,
    ...notes,
    '</svg>',
  ].join('\n');
}

function drawLegend(left: number, y: number): readonly string[] {
  let x = left;
  return Object.values(COLORS).map(({ fill, ink, mark, meaning }) => {
    const entry = `${rectangle(x, y, 18, fill)}${text(x + 9, y + 13, mark, 'middle', 11, ink)}${text(x + 24, y + 14, meaning, 'start', 12, '#52606d')}`;
    x += 48 + width(meaning);
    return entry;
  });
}

function order({ group }: Destination): number {
  return Object.keys(GROUPS).indexOf(group);
}

function drawCell(cell: Cell | undefined, x: number, y: number): string {
  if (!cell) return `<rect x="${x + 1}" y="${y + 1}" width="${CELL - 2}" height="${CELL - 2}" rx="4" fill="none" stroke="#f1f3f5"/>`;
  const { fill, ink, mark } = COLORS[cell.verdict];
  const title = `${cell.from.name} → ${cell.to.label}: ${cell.verdict}${cell.allows.length > 0 ? ` (${cell.allows.join('; ')})` : ''}\n${cell.path.join('\n')}`;
  return `<g><title>${escape(title)}</title>${rectangle(x + 1, y + 1, CELL - 2, fill)}${text(x + CELL / 2, y + 20, mark, 'middle', 14, ink)}</g>`;
}

function groupBands(columns: readonly Destination[], x: (index: number) => number, y: number): readonly string[] {
  const starts = columns.flatMap(({ group }, index) => (columns[index - 1]?.group === group ? [] : [index]));
  return starts.map((start, index) => {
    const end = (starts[index + 1] ?? columns.length) - 1;
    const label = GROUPS[columns[start]!.group];
    const middle = (x(start) + x(end) + CELL) / 2;
    const fits = width(label) * 0.8 <= x(end) + CELL - x(start) + 8;
    return `<path d="M${x(start) + 2} ${y + 6}H${x(end) + CELL - 2}" stroke="#9aa5b1" stroke-width="2"/>${fits ? text(middle, y + 20, label, 'middle', 11, '#52606d') : ''}`;
  });
}

function rectangle(x: number, y: number, size: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${size}" height="${size}" rx="4" fill="${fill}"/>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', size: number, fill: string, title?: string): string {
  const hover = title === undefined ? '' : `<title>${escape(title)}</title>`;
  return `<text ${FONT} x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="${fill}">${hover}${escape(content)}</text>`;
}

/** The end of a long path says more than its beginning. */
function shorten(name: string, most = 40): string {
  return name.length <= most ? name : `…${name.slice(name.length - most + 1)}`;
}

function width(content: string): number {
  return content.length * 7.4;
}

function escape(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`).replace(/[\u0000-\u0009\u000b-\u001f]/g, ' ');
}
