import type { RegisteredServer, Registry } from '../detection';
import { MAX_SUBJECT_ID_BYTES, MAX_SUBJECTS_OF_SERVER, subjectId, type StoredRecord, type Subject, type ToolRegistry } from '../integrity';
import type { JsonValue, ToolDefinition } from '../protocol';
import type { ProbeResult } from './probe';

/** A definition, and who offers it. */
export interface Sighting {
  readonly subject: Subject;
  readonly definition: JsonValue;
}

/** How many definitions are noted at the same time. */
const PARALLEL = 8;

/** Everything that a server offers to a model: its instructions and its tools, but for names that are too long to be noted, or too many. */
export function sightingsOf(server: string, result: ProbeResult): readonly Sighting[] {
  if (!result.ok) return [];
  const tools = result.tools.map((tool): Sighting => ({ subject: { server, tool: tool.name }, definition: tool as unknown as JsonValue }));
  const all = result.instructions === undefined ? tools : [{ subject: { server }, definition: result.instructions }, ...tools];
  return all.filter(({ subject }) => Buffer.byteLength(subjectId(subject)) <= MAX_SUBJECT_ID_BYTES).slice(0, MAX_SUBJECTS_OF_SERVER);
}

/** The same as one registry, for the relations between its servers. */
export function registryOf(sightings: readonly Sighting[]): Registry {
  const servers = new Map<string, { name: string; tools: ToolDefinition[]; instructions?: string }>();
  for (const { subject, definition } of sightings) {
    const server: RegisteredServer & { tools: ToolDefinition[]; instructions?: string } = servers.get(subject.server) ?? { name: subject.server, tools: [] };
    servers.set(subject.server, server);
    if (subject.tool === undefined) server.instructions = String(definition);
    else server.tools.push(definition as unknown as ToolDefinition);
  }
  return { servers: [...servers.values()] };
}

/** Notes what was seen, but for new names of a server that has too many already. Answers what is known of each then, in the same order. */
export async function observeAll(registry: ToolRegistry, sightings: readonly Sighting[], by: string): Promise<readonly StoredRecord[]> {
  const known = new Set<string>();
  const subjectsOf = new Map<string, number>();
  for (const { id, record: { subject: { server } } } of await registry.list()) {
    known.add(id);
    subjectsOf.set(server, (subjectsOf.get(server) ?? 0) + 1);
  }
  const noted = sightings.filter(({ subject }) => {
    if (known.has(subjectId(subject))) return true;
    const count = (subjectsOf.get(subject.server) ?? 0) + 1;
    subjectsOf.set(subject.server, count);
    return count <= MAX_SUBJECTS_OF_SERVER;
  });
  return severalAtATime(noted, ({ subject, definition }) => registry.observe(subject, definition, by));
}

/** Everything that is known and not revoked, as it was offered last. */
export async function knownSightings(registry: ToolRegistry): Promise<readonly Sighting[]> {
  const known = (await registry.list()).filter(({ record }) => record.state !== 'revoked');
  const found = await severalAtATime(known, async ({ record: { subject, pin } }) => ({ subject, definition: await registry.definition(pin) }));
  return found.filter((one): one is Sighting => one.definition !== undefined);
}

/** Scans everything that is known again (TV-4). Answers what is known then. */
export async function rescanAll(registry: ToolRegistry, by: string): Promise<readonly StoredRecord[]> {
  return severalAtATime(await registry.list(), ({ id }) => registry.rescan(id, by));
}

async function severalAtATime<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += PARALLEL) results.push(...(await Promise.all(items.slice(start, start + PARALLEL).map(work))));
  return results;
}
