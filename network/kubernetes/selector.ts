import { TemplateError } from '../template';

export type Labels = Readonly<Record<string, string>>;

/** A label selector as its requirements, all of which have to hold; none selects everything. */
export type Selector = readonly Requirement[];

export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

const OPERATORS: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/**
 * Reads `matchLabels` and `matchExpressions`.
 *
 * @param where for the message of an error
 * @throws TemplateError where it says something that no API server accepts
 */
export function readSelector(value: unknown, where: string): Selector {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw new TemplateError(`${where} is no label selector`);
  const { matchLabels, matchExpressions, ...rest } = value as { matchLabels?: Labels | null; matchExpressions?: readonly Partial<Requirement>[] | null };
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw new TemplateError(`${where} holds ${unknown}; a label selector holds matchLabels and matchExpressions`);
  return [
    ...Object.entries(matchLabels ?? {}).map(([key, text]): Requirement => ({ key, operator: 'In', values: [String(text)] })),
    ...(matchExpressions ?? []).map(({ key, operator, values }): Requirement => {
      if (typeof key !== 'string' || !OPERATORS.includes(operator ?? '')) throw new TemplateError(`${where} has an expression with the operator ${String(operator)}; expected ${OPERATORS.join(', ')}`);
      const given = (values ?? []).map(String);
      if ((operator === 'In' || operator === 'NotIn') === (given.length === 0)) throw new TemplateError(`${where} has an expression ${operator} on ${key} with ${given.length} values`);
      return { key, operator: operator!, values: given };
    }),
  ];
}

export function selects(selector: Selector, labels: Labels): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
    }
  });
}

/** Labels that a selector selects; undefined where nothing can have them. */
export function labelsFor(selector: Selector): Labels | undefined {
  const labels: Record<string, string> = {};
  for (const key of new Set(selector.map((requirement) => requirement.key))) {
    const own = selector.filter((requirement) => requirement.key === key);
    const candidates = [undefined, 'any', ...own.flatMap(({ values }) => values), own.flatMap(({ values }) => values).join('-')];
    const found = candidates.findIndex((value) => selects(own, value === undefined ? {} : { [key]: value }));
    if (found < 0) return undefined;
    if (candidates[found] !== undefined) labels[key] = candidates[found];
  }
  return labels;
}

/** As people read it, e.g. `app=files, tier in (a, b)`. */
export function describeSelector(selector: Selector): string {
  return selector
    .map(({ key, operator, values }) => {
      if (operator === 'Exists') return key;
      if (operator === 'DoesNotExist') return `no ${key}`;
      if (operator === 'In' && values.length === 1) return `${key}=${values[0]}`;
      return `${key} ${operator === 'In' ? 'in' : 'not in'} (${values.join(', ')})`;
    })
    .join(', ');
}
