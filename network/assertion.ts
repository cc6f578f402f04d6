import type { Cell, Matrix, Row } from './matrix';
import type { Destination } from './destination';

/** `--deny "servers -> internet"`: what must not be open. */
export interface Denial {
  readonly text: string;
  readonly from: string;
  readonly to: string;
}

/** Says in one sentence what is wrong with an assertion. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** @throws AssertionError where the text has no two sides */
export function parseDenial(text: string): Denial {
  const [from = '', to = '', ...rest] = text.split('->').map((side) => side.trim());
  if (from === '' || to === '' || rest.length > 0) throw new AssertionError(`${JSON.stringify(text)} is no assertion; expected two sides, such as "servers -> internet"`);
  return { text: `${from} -> ${to}`, from, to };
}

/**
 * The cells that break a denial: all of both sides that are not closed.
 *
 * @throws AssertionError where a side names nobody, which would hold for the wrong reason
 */
export function findBreaches(matrix: Matrix, denial: Denial): readonly Cell[] {
  const rows = new Set(selectRows(matrix.rows, denial.from).map(({ id }) => id));
  const destinations = new Set(selectDestinations(matrix.destinations, denial.to, matrix.rows).map(({ id }) => id));
  return matrix.cells.filter(({ from, to, verdict }) => rows.has(from.id) && destinations.has(to.id) && verdict !== 'closed');
}

/**
 * `servers` and `gateways` by the tag `mcp-zero-trust:role` or the label `mcp-zero-trust/role`, and where nothing has it, `servers` is
 * every workload; `workloads`, `neighbours` (pods of namespaces that are not in the manifests), a kind such as `lambda`, `internet`, `*`, or a name, in which `*` stands for anything.
 */
export function selectRows(rows: readonly Row[], selector: string): readonly Row[] {
  const all = rows.filter(({ id }) => id !== 'internet');
  const workloads = all.filter(({ source }) => source.kind === 'party' && source.party.workload);
  const roles = new Set(rows.flatMap(({ role }) => role ?? []));
  const singular = selector.replace(/s$/, '');
  const groups: Readonly<Record<string, readonly Row[]>> = {
    '*': rows,
    internet: rows.filter(({ id }) => id === 'internet'),
    workloads,
    neighbours: all.filter(({ source }) => source.kind === 'party' && source.party.outside),
    ...(roles.has(singular) && { [selector]: rows.filter(({ role }) => role === singular) }),
  };
  const found = (Object.hasOwn(groups, selector) ? groups[selector] : undefined) ?? (selector === 'servers' ? workloads : all.filter(({ kind, name, id }) => kind === singular || kind === selector || matchesName(selector, name) || matchesName(selector, id)));
  // A template without any workload keeps what it is asked for; a name that is misspelt does not.
  if (found.length === 0 && !['workloads', 'servers'].includes(selector)) throw new AssertionError(`nobody is called ${JSON.stringify(selector)}; expected servers, workloads, internet, *, a kind, or one of ${all.map(({ name }) => name).join(', ') || 'none'}`);
  return found;
}

const GROUPS = ['internet', 'domains', 'dns', 'metadata', 'neighbours', 'endpoints', 'foreign-accounts', 'workloads', 'load-balancers', 'stores', 'nodes'];

/** A group, `outside` for every way to somebody else, `*`, an id such as `internet:udp`, or whom `selectRows` would select. */
function selectDestinations(destinations: readonly Destination[], selector: string, rows: readonly Row[]): readonly Destination[] {
  if (selector === '*') return destinations;
  if (selector === 'outside') return destinations.filter(({ group }) => ['internet', 'domains', 'dns', 'neighbours', 'foreign-accounts'].includes(group));
  if (GROUPS.includes(selector)) return destinations.filter(({ group }) => group === selector);
  const byId = destinations.filter(({ id, label }) => id === selector || matchesName(selector, label));
  if (byId.length > 0) return byId;
  const ids = new Set(selectRows(rows, selector).map(({ id }) => id));
  return destinations.filter(({ id }) => ids.has(id));
}

function matchesName(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return name === pattern || name.endsWith(`/${pattern}`);
  let rest = name;
  for (const [index, part] of parts.entries()) {
    const at = index === 0 ? (rest.startsWith(part) ? 0 : -1) : index === parts.length - 1 ? (rest.endsWith(part) ? rest.length - part.length : -1) : rest.indexOf(part);
    if (at < 0) return false;
    rest = rest.slice(at + part.length);
  }
  return true;
}
