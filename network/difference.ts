import type { Cell, Matrix, Verdict } from './matrix';

/** A cell that is not what it was. */
export interface Change {
  readonly from: string;
  readonly to: string;
  readonly before: Verdict | 'absent';
  readonly after: Verdict | 'absent';
  /** What gets through now and did not. */
  readonly opened: readonly string[];
  readonly path: readonly string[];
  readonly opens: boolean;
}

const RANK: Readonly<Record<Verdict | 'absent', number>> = { absent: 0, closed: 0, limited: 1, unknown: 2, open: 2 };

/** What a change of templates opened and closed, cell by cell. */
export function compareMatrices(before: Matrix, after: Matrix): readonly Change[] {
  const key = ({ from, to }: Cell) => `${from.id} -> ${to.id}`;
  const old = new Map(before.cells.map((cell) => [key(cell), cell]));
  const now = new Map(after.cells.map((cell) => [key(cell), cell]));
  const changes: Change[] = [];
  for (const [name, cell] of now) {
    const previous = old.get(name);
    const was = previous?.verdict ?? 'absent';
    const opened = cell.allows.filter((text) => !(previous?.allows ?? []).includes(text));
    const widened = RANK[cell.verdict] > RANK[was] || (RANK[cell.verdict] > 0 && opened.length > 0);
    if (was === cell.verdict && !widened) continue;
    if (RANK[was] === 0 && RANK[cell.verdict] === 0) continue;
    changes.push({ from: cell.from.name, to: cell.to.label, before: was, after: cell.verdict, opened, path: cell.path, opens: widened });
  }
  for (const [name, cell] of old) {
    if (!now.has(name) && RANK[cell.verdict] > 0) changes.push({ from: cell.from.name, to: cell.to.label, before: cell.verdict, after: 'absent', opened: [], path: [], opens: false });
  }
  return changes.sort((a, b) => Number(b.opens) - Number(a.opens));
}
