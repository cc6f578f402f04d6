import type { Change } from '../difference';
import type { Cell, Matrix } from '../matrix';
import type { Breach } from './breach';

/** The matrix for machines. The shape is stable: fields are added, none is renamed. */
export function jsonReport(matrix: Matrix, breaches: readonly Breach[]): string {
  return JSON.stringify(
    {
      workloads: matrix.rows.map(({ id, name, kind, role }) => ({ id, name, kind, ...(role !== undefined && { role }) })),
      destinations: matrix.destinations.map(({ id, label, group }) => ({ id, label, group })),
      cells: matrix.cells.map(cellJson),
      unknown: matrix.unknowns,
      assertions: assertionsJson(breaches),
    },
    null,
    2,
  );
}

function cellJson({ from, to, verdict, allows, path, attempts }: Cell): unknown {
  return { from: from.id, to: to.id, verdict, allows, path, attempts };
}

function assertionsJson(breaches: readonly Breach[]): unknown {
  return breaches.map(({ denial, cells }) => ({ deny: denial.text, holds: cells.length === 0, brokenBy: cells.map(({ from, to }) => ({ from: from.id, to: to.id })) }));
}

/** What a change opened and closed, for machines. */
export function changesJson(changes: readonly Change[], breaches: readonly Breach[]): string {
  return JSON.stringify({ changes, assertions: assertionsJson(breaches) }, null, 2);
}
