import type { Change } from '../difference';
import type { Cell, Matrix, Verdict } from '../matrix';
import type { Breach } from './breach';

const MARKS: Readonly<Record<Verdict, string>> = { open: 'OPEN', limited: 'limited', unknown: 'UNKNOWN', closed: '-' };

export interface TextOptions {
  /** Also the ways of what is closed. @default false */
  readonly all?: boolean;
}

/** The matrix as people read it: for each who can begin a connection, what is open to it and over which way. */
export function textReport(matrix: Matrix, { all = false }: TextOptions = {}): string {
  const blocks = matrix.rows.map((row) => {
    const cells = matrix.cells.filter(({ from }) => from.id === row.id);
    const shown = cells.filter(({ verdict }) => all || verdict !== 'closed');
    const title = `${row.name}  (${[row.kind, row.role].filter((word) => word !== undefined).join(', ')})`;
    const closed = cells.length - cells.filter(({ verdict }) => verdict !== 'closed').length;
    return [title, ...shown.flatMap(cellLines), ...(closed > 0 && !all ? [`  closed   ${closed} of ${cells.length} destinations`] : [])].join('\n');
  });
  const counts = (['open', 'unknown', 'limited', 'closed'] as const).map((verdict) => `${matrix.cells.filter((cell) => cell.verdict === verdict).length} ${verdict}`);
  return [...blocks, unknownLines(matrix), `${matrix.cells.length} cells: ${counts.join(', ')}`].filter((block) => block !== '').join('\n\n');
}

function cellLines({ to, verdict, allows, path }: Cell): readonly string[] {
  const what = allows.length > 0 ? `  [${shorten(allows)}]` : '';
  return [`  ${MARKS[verdict].padEnd(8)} ${to.label}${what}`, ...path.map((hop, index) => `  ${' '.repeat(8)}   ${index === 0 ? 'by' : '  '} ${hop}`)];
}

const MOST = 5;

function shorten(allows: readonly string[]): string {
  return allows.length <= MOST ? allows.join('; ') : `${allows.slice(0, MOST).join('; ')}; and ${allows.length - MOST} more`;
}

function unknownLines({ unknowns }: Matrix): string {
  if (unknowns.length === 0) return '';
  return ['Not modelled, and counted as open:', ...unknowns.map(({ subject, why }) => `  ${subject} ${why}`)].join('\n');
}

export function breachReport(breaches: readonly Breach[]): string {
  return breaches
    .map(({ denial, cells }) => {
      if (cells.length === 0) return `holds   ${denial.text}`;
      return [`BROKEN  ${denial.text}`, ...cells.flatMap(({ from, to, verdict, allows, path }) => [`          ${from.name} -> ${to.label}: ${verdict}${allows.length > 0 ? ` [${shorten(allows)}]` : ''}`, `            ${path.join(', ')}`])].join('\n');
    })
    .join('\n');
}

export function changeReport(changes: readonly Change[]): string {
  if (changes.length === 0) return 'Nothing that can be reached has changed.';
  return changes
    .map(({ from, to, before, after, opened, path, opens }) => `${opens ? 'OPENS ' : 'closes'}  ${from} -> ${to}: ${before} to ${after}${opens && opened.length > 0 ? ` [${shorten(opened)}]` : ''}${opens && path.length > 0 ? `\n          ${path.join(', ')}` : ''}`)
    .join('\n');
}
