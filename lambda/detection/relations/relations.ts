import { foldWord, normalise } from '../normalise';
import type { Reading } from '../reading';
import type { Hit } from '../rules/hit';
import type { RuleInfo } from '../rules/rule';
import type { Placed, Registry } from '../types';
import type { ToolDefinition } from '../../protocol';

const rule = (id: string, severity: RuleInfo['severity'], sentence: string, safId: string): RuleInfo => ({ id, severity, sentence, safId, owaspId: 'MCP03', wordless: true });

export const RELATION_RULES = {
  equal: rule('TP-911', 'low', "Its name is that of another server's tool.", 'SAF-T1301'),
  skeleton: rule('TP-912', 'high', "Its name looks exactly like that of another server's tool and is spelled with other characters.", 'SAF-T1004'),
  separators: rule('TP-913', 'medium', "Its name differs from that of another server's tool in case or separators alone.", 'SAF-T1004'),
  distance: rule('TP-914', 'medium', "Its name is one letter away from that of another server's tool.", 'SAF-T1004'),
  names: { ...rule('TP-915', 'low', "It names another server's tool.", 'SAF-T1301'), wordless: false },
} as const;

interface NamedTool {
  readonly server: string;
  readonly name: string;
}

/** Names of a registry under every form that a look-alike may share. Built once for each registry. */
interface NameIndex {
  readonly byName: ReadonlyMap<string, readonly NamedTool[]>;
  readonly byDeletion: ReadonlyMap<string, readonly NamedTool[]>;
  /** For each server, the distinctive names of all others. */
  readonly beside: Map<string, ReadonlySet<string>>;
}

const indexes = new WeakMap<Registry, NameIndex>();

/** Names that look like this one, and other servers' tools that it names. */
export function relationHits(tool: ToolDefinition, { server, registry }: Placed): readonly Hit[] {
  const name = String(tool.name);
  const index = indexOf(registry);
  const others = (found: readonly NamedTool[] | undefined) => (found ?? []).filter((other) => other.server !== server);
  const at = { pointer: '/name', start: 0, end: name.length };
  const alike = others(index.byName.get(plainName(name)));
  const hits: Hit[] = [];
  if (alike.some((other) => other.name === name)) hits.push({ rule: RELATION_RULES.equal, ...at });
  else if (alike.some((other) => other.name.toLowerCase() !== name.toLowerCase() && normalise(other.name).text === normalise(name).text)) hits.push({ rule: RELATION_RULES.skeleton, ...at });
  else if (alike.length > 0) hits.push({ rule: RELATION_RULES.separators, ...at });
  else if (deletions(plainName(name)).some((form) => others(index.byDeletion.get(form)).length > 0)) hits.push({ rule: RELATION_RULES.distance, ...at });
  return hits;
}

/** The first word of a text that is the distinctive name of another server's tool. */
export function namedToolHits({ field, normalised, words }: Reading, others: ReadonlySet<string>): readonly Hit[] {
  const word = others.size === 0 || field.kind === 'name' ? undefined : words.find(({ text }) => others.has(text));
  if (!word) return [];
  return [{ rule: RELATION_RULES.names, pointer: field.pointer, start: normalised.originalOffset(word.start), end: normalised.originalOffset(word.end), discounted: word.quoted }];
}

/** Distinctive names of the tools of all other servers, normalised. */
export function toolNamesBeside({ server, registry }: Placed): ReadonlySet<string> {
  const index = indexOf(registry);
  let names = index.beside.get(server);
  if (!names) {
    const own = new Set(registry.servers.filter(({ name }) => name === server).flatMap(({ tools }) => tools.map(({ name }) => name)));
    const distinctive = registry.servers.flatMap(({ tools }) => tools.map(({ name }) => name)).filter((name) => !own.has(name) && /[a-z0-9][_A-Z]/.test(name));
    names = new Set(distinctive.map(foldWord));
    index.beside.set(server, names);
  }
  return names;
}

function indexOf(registry: Registry): NameIndex {
  const known = indexes.get(registry);
  if (known) return known;
  const byName = new Map<string, NamedTool[]>();
  const byDeletion = new Map<string, NamedTool[]>();
  for (const { name: server, tools } of registry.servers) {
    for (const { name } of tools) {
      const named = { server, name: String(name) };
      const plain = plainName(named.name);
      push(byName, plain, named);
      for (const form of deletions(plain)) push(byDeletion, form, named);
    }
  }
  const index = { byName, byDeletion, beside: new Map() };
  indexes.set(registry, index);
  return index;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Without case, accents, look-alikes and separators. */
function plainName(name: string): string {
  return normalise(name).text.replace(/[\s._-]/g, '');
}

/** Shorter names are one letter apart by chance, longer ones are not made by hand. */
const MIN_LENGTH = 7;
const MAX_LENGTH = 64;

/** The name, and the name without each of its letters: two names share one where they are one edit apart. */
function deletions(plain: string): readonly string[] {
  if (plain.length < MIN_LENGTH || plain.length > MAX_LENGTH) return [];
  return [plain, ...Array.from(plain, (_, at) => plain.slice(0, at) + plain.slice(at + 1))];
}
