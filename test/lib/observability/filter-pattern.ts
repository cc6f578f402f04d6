/**
 * Says whether a filter pattern of CloudWatch Logs takes a line, for the part of its language for JSON that the constructs use: comparisons of
 * a member with a text or a number, texts with `*` for anything, all of several in parentheses. Whatever else throws.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function takes(pattern: string, line: string): boolean {
  const [, inner] = /^\{ (.*) \}$/.exec(pattern) ?? [];
  if (inner === undefined) throw new Error(`expected a pattern for JSON: ${pattern}`);
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return false;
  }
  const parts = inner.startsWith('(') ? inner.split(' && ').map((part) => part.replace(/^\((.*)\)$/, '$1')) : [inner];
  return parts.every((part) => holds(part, event));
}

function holds(condition: string, event: unknown): boolean {
  const [, path, operator, text, number] = /^\$\.([\w.]+) (=|!=|>|>=|<|<=) (?:"([^"]*)"|(-?\d+(?:\.\d+)?))$/.exec(condition) ?? [];
  if (path === undefined) throw new Error(`expected a condition: ${condition}`);
  const value = memberAt(event, path);
  // A member that is not there compares with nothing, for `!=` as well.
  if (value === undefined) return false;
  if (text !== undefined) {
    if (typeof value !== 'string') return false;
    const equal = new RegExp(`^${text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's').test(value);
    if (operator !== '=' && operator !== '!=') throw new Error(`texts are equal or not: ${condition}`);
    return operator === '=' ? equal : !equal;
  }
  if (typeof value !== 'number') return false;
  const wanted = Number(number);
  return { '=': value === wanted, '!=': value !== wanted, '>': value > wanted, '>=': value >= wanted, '<': value < wanted, '<=': value <= wanted }[operator as '=']!;
}

/** What is at `a.b` in a value. */
export function memberAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined), value);
}
