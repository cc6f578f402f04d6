/** What every bench prints: aligned tables, its goals, and one JSON object on the last line; and the exit code that follows. */

/** A figure that must hold. */
export interface Goal {
  /** What is measured, e.g. `added latency, p50, against mcp-proxy`. */
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly direction: 'at most' | 'at least';
  /** @default - a bare number */
  readonly unit?: string;
}

/** The outcome of one bench. */
export interface Report {
  /** Name of the bench, as in `npm run bench:<name>`. */
  readonly bench: string;
  readonly goals: readonly Goal[];
  /** Everything measured, for machines. Must survive `JSON.stringify`. */
  readonly figures: unknown;
  /** A short run that only shows that the bench works: its goals are printed and decide nothing. @default false */
  readonly smoke?: boolean;
}

/** Whether the goal holds. A figure that is not a number holds nothing. */
export function holds({ value, limit, direction }: Goal): boolean {
  return direction === 'at most' ? value <= limit : value >= limit;
}

/**
 * Renders rows under a header in aligned columns. A column whose cells all look like figures is aligned to the right.
 *
 * @param title printed above the table
 */
export function table(title: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = header.map((name, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    return {
      width: Math.max(name.length, ...cells.map((cell) => cell.length)),
      numeric: cells.length > 0 && cells.every((cell) => /^(?:[-+]?[\d,.]*\d|-?)$/.test(cell)),
    };
  });
  const line = (cells: readonly string[]) =>
    columns
      .map(({ width, numeric }, index) => (numeric ? (cells[index] ?? '').padStart(width) : (cells[index] ?? '').padEnd(width)))
      .join('  ')
      .trimEnd();
  const rule = columns.map(({ width }) => '-'.repeat(width)).join('  ');
  return ['', title, '', line(header), rule, ...rows.map(line), ''].join('\n');
}

/** Prints the goals and, last, the report as one line of JSON; sets exit code 1 when a goal does not hold. */
export function conclude(report: Report): void {
  const goals = report.goals.map((goal) => ({ ...goal, holds: holds(goal) }));
  const ok = goals.every((goal) => goal.holds);
  if (goals.length > 0) {
    const rows = goals.map(({ name, value, limit, direction, unit, holds: met }) => [
      met ? 'holds' : 'MISSED',
      name,
      [figure(value), unit].filter(Boolean).join(' '),
      [direction, figure(limit), unit].filter(Boolean).join(' '),
    ]);
    console.log(table(report.smoke ? 'Goals (a smoke run: they decide nothing)' : 'Goals', ['', 'goal', 'measured', 'limit'], rows));
  }
  console.log(JSON.stringify({ bench: report.bench, ok, smoke: report.smoke ?? false, goals, figures: report.figures }));
  if (!ok && !report.smoke) process.exitCode = 1;
}

/** A number as people read it: thousands separated, three significant digits below 100. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en-US')
    : value.toPrecision(3);
}
