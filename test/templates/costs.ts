import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A row of a table of costs: what it is, how many dollars, how they come about. */
export interface CostRow {
  readonly name: string;
  readonly dollars: number;
  readonly how: string;
}

export const pageOf = (page: string): string => readFileSync(join(__dirname, '..', '..', 'docs', page), 'utf8');

/** The rows of a page's table of what a month at rest costs, or of another. */
export function costsAtRest(page: string, heading = 'a month at rest'): readonly CostRow[] {
  const [, table = ''] = pageOf(page).split(`| ${heading} | $ | how |\n|---|---|---|\n`);
  return table.split('\n\n')[0]!.split('\n').map((line) => {
    const [name, dollars, how] = line.split('|').slice(1, 4).map((cell) => cell.trim()) as [string, string, string];
    return { name, dollars: Number(dollars.replaceAll('*', '')), how };
  });
}

/** The row whose name begins so. */
export const rowOf = (rows: readonly CostRow[], start: string): CostRow => rows.find(({ name }) => name.replaceAll('*', '').startsWith(start))!;

/** What all rows before a total come to. */
export function sumUpTo(rows: readonly CostRow[], total: string): number {
  const end = rows.indexOf(rowOf(rows, total));
  return cents(rows.slice(0, end).filter(({ name }) => !name.startsWith('**')).reduce((sum, { dollars }) => sum + dollars, 0));
}

export const cents = (dollars: number): number => Math.round(dollars * 100) / 100;
