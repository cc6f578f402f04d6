import { memberAt } from './filter-pattern';

/**
 * Answers a query of CloudWatch Logs Insights over lines of JSON, for the part of its language that the saved queries use: `filter`, `fields`,
 * `stats`, `sort`; comparisons, `and`, `or`, parentheses, `like`; `ispresent`, `strcontains`, `concat`, `toMillis`; `count`, `sum`, `max`, `pct`. Whatever else throws.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 */
export function answer(query: readonly string[], lines: readonly string[]): Row[] {
  const rows = lines.map((line): Row => ({ ...(JSON.parse(line) as Row), '@message': line, '@timestamp': JSON.parse(line).time }));
  return query.reduce((before, command) => run(command, before), rows);
}

export type Row = Record<string, unknown>;
type Expression = (row: Row) => unknown;

function run(command: string, rows: Row[]): Row[] {
  const [, verb, rest] = /^(\w+) (.*)$/.exec(command)!;
  switch (verb) {
    case 'filter': {
      const holds = expressionOf(rest!);
      return rows.filter((row) => holds(row));
    }
    case 'fields': {
      const named = split(rest!).map(nameAndExpression);
      return rows.map((row) => ({ ...row, ...Object.fromEntries(named.map(([name, of]) => [name, of(row)])) }));
    }
    case 'stats':
      return stats(rest!, rows);
    case 'sort': {
      const [, name, order] = /^(\S+) (asc|desc)$/.exec(rest!)!;
      return [...rows].sort((a, b) => (Number(read(a, name!)) - Number(read(b, name!))) * (order === 'asc' ? 1 : -1));
    }
    default:
      throw new Error(`expected a command: ${command}`);
  }
}

function stats(text: string, rows: readonly Row[]): Row[] {
  const [, what, by] = /^(.*) by (.*)$/.exec(text)!;
  const keys = split(by!);
  const groups = grouped(rows, keys);
  return [...groups.values()].map((group) => ({
    ...Object.fromEntries(keys.map((key) => [key, read(group[0]!, key)])),
    ...Object.fromEntries(split(what!).map((one) => {
      const [, verb, inner, name] = /^(count|sum|max|pct)\((.*)\) as (\w+)$/.exec(one)!;
      const [of, share] = split(inner!);
      const values = of === '*' ? [] : group.map((row) => Number(expressionOf(of!)(row)));
      return [name, { count: () => group.length, sum: () => values.reduce((a, b) => a + b, 0), max: () => Math.max(...values), pct: () => values.sort((a, b) => a - b)[Math.ceil((Number(share) / 100) * values.length) - 1] }[verb as 'sum']()];
    })),
  }));
}

function grouped(rows: readonly Row[], keys: readonly string[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(keys.map((name) => read(row, name)));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return groups;
}

function nameAndExpression(text: string): readonly [string, Expression] {
  const [, of, name] = /^(.*) as (\w+)$/.exec(text) ?? [text, text, text];
  return [name!, expressionOf(of!)];
}

/** Parts between commas that are not within parentheses. */
function split(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const sign of text) {
    depth += sign === '(' ? 1 : sign === ')' ? -1 : 0;
    if (sign === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += sign;
  }
  return parts.map((part) => part.trim());
}

const TOKEN = /\s*("(?:[^"]*)"|>=|<=|!=|[()=<>*,]|[\w.@]+)/y;

/** Binds from `or` over `and` and comparisons to `*`, as the service does. */
function expressionOf(text: string): Expression {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) tokens.push((TOKEN.exec(text) ?? fail(text))[1]!);
  let at = 0;
  const take = (...words: readonly string[]) => (words.includes(tokens[at]!) ? tokens[at++] : undefined);

  const either = (): Expression => {
    let left = both();
    while (take('or')) left = join(left, both(), (a, b) => a || b);
    return left;
  };
  const both = (): Expression => {
    let left = compared();
    while (take('and')) left = join(left, compared(), (a, b) => a && b);
    return left;
  };
  const compared = (): Expression => {
    const left = product();
    const operator = take('=', '!=', '>', '>=', '<', '<=', 'like');
    if (operator === undefined) return left;
    return join(left, product(), (a, b) => compare(a, operator, b));
  };
  const product = (): Expression => {
    let left = one();
    while (take('*')) left = join(left, one(), (a, b) => Number(a) * Number(b));
    return left;
  };
  const one = (): Expression => {
    const token = tokens[at++] ?? fail(text);
    if (token === '(') return closed(either());
    if (token.startsWith('"')) return () => token.slice(1, -1);
    if (/^\d+$/.test(token)) return () => Number(token);
    if (tokens[at] !== '(') return (row) => read(row, token);
    at += 1;
    const given = [either()];
    while (take(',')) given.push(either());
    return closed(called(token, given));
  };
  const closed = (inner: Expression): Expression => (take(')') ? inner : fail(text));
  const whole = either();
  return at === tokens.length ? whole : fail(text);
}

function join(left: Expression, right: Expression, by: (a: any, b: any) => unknown): Expression {
  return (row) => by(left(row), right(row));
}

function compare(a: unknown, operator: string, b: unknown): boolean {
  if (a === undefined || b === undefined) return false;
  const of = { '=': () => a === b, '!=': () => a !== b, '>': () => Number(a) > Number(b), '>=': () => Number(a) >= Number(b), '<': () => Number(a) < Number(b), '<=': () => Number(a) <= Number(b), like: () => String(a).includes(String(b)) };
  return of[operator as '=']();
}

function called(name: string, given: readonly Expression[]): Expression {
  const functions: Record<string, (...values: any[]) => unknown> = {
    ispresent: (value) => value !== undefined,
    strcontains: (text, part) => (String(text).includes(part) ? 1 : 0),
    concat: (...parts) => parts.join(''),
    toMillis: (time) => Date.parse(time),
  };
  const run = functions[name] ?? fail(name);
  return (row) => run(...given.map((of) => of(row)));
}

function read(row: Row, name: string): unknown {
  return name in row ? row[name] : memberAt(row, name);
}

function fail(text: string): never {
  throw new Error(`this is not understood: ${text}`);
}
