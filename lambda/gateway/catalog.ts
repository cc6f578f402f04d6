import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { compileArgumentGuard, type ArgumentGuard } from '../guard';
import { pinOf, subjectId, type PinnedDefinition, type ToolRegistryView, type WithheldReason } from '../integrity';
import { NotCanonical, isJsonObject, type JsonObject, type JsonValue, type ToolDefinition } from '../protocol';
import { ParamHeaders } from './inbound';
import type { GatewayLimits, ServerOptions } from './options';

/** A tool as the gateway offers it: its definition and the compiled check of its arguments. */
export interface ToolEntry {
  readonly definition: ToolDefinition;
  readonly guard: ArgumentGuard;
  readonly paramHeaders: ParamHeaders;
  /** Set where there is a registry of tools (TD-4). */
  readonly approval?: ToolApproval;
}

/** What the registry says of one definition, now and later. */
export interface ToolApproval {
  /** Why it is not to be served; `undefined` where it is. */
  withheld(): WithheldReason | undefined;
  /** Tells when it is no longer to be served. Returns how to stop listening. */
  onWithdrawn(listener: () => void): () => void;
  /** Resolves when what the server announced of its tools so far has been read again. */
  settled(): Promise<void>;
}

export interface ReadTools {
  readonly entries: readonly ToolEntry[];
  /** Names and reasons of tools that are not offered because their definition is broken. */
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
}

/** What one server's tools are, for each principal. Definitions are compiled once, whoever lists them. */
export interface ToolCatalog {
  /**
   * Reads a list leniently: a broken tool is dropped, it does not sink the others. Compiling is spread over turns of
   * the event loop, so that a long list keeps nobody waiting.
   */
  read(tools: JsonValue | undefined): Promise<ReadTools>;
  /**
   * The tool `name` of `principal`'s list, which `listPage` fetches when it is not known or too old.
   * A tool that is missing from a known list makes it ask once more: it may be new.
   */
  find(principal: string, name: string, listPage: ListPage): ToolEntry | undefined | Promise<ToolEntry | undefined>;
  /** Forgets all lists, after the server said that they changed. With a registry they are read again at once. */
  forget(): void;
  /** Why the registry withholds the server's instructions to the model; `undefined` where it does not (TD-4). */
  withholdsInstructions(instructions: string): WithheldReason | undefined;
  close(): void;
}

/** Answers the result of `tools/list` for a cursor. */
export type ListPage = (cursor: string | undefined) => Promise<JsonObject>;

interface KnownList {
  readonly readAt: number;
  readonly tools: ReadonlyMap<string, ToolEntry>;
}

/** Longest time that compiling holds the event loop, about, milliseconds. */
const MAX_TURN_MS = 5;
const MAX_PAGES = 100;
const MAX_PRINCIPALS = 1_000;
/** How often a list is asked for again because of names that are not on it. */
const RECHECK_MS = 5_000;
/** Whose lists are read again when they are said to have changed, the newest first. */
const MAX_REREAD_LISTS = 8;
const MIN_BETWEEN_REREADS_MS = 250;

export function createToolCatalog(server: ServerOptions, limits: GatewayLimits, clock: () => number, registry?: ToolRegistryView): ToolCatalog {
  const compiled = new LRUCache<string, ToolEntry | { readonly broken: string }>({ max: limits.maxTools });
  const lists = new LRUCache<string, Promise<KnownList>>({ max: MAX_PRINCIPALS });
  /** Those of them that are here. */
  const fetchedLists = new WeakMap<Promise<KnownList>, KnownList>();
  const readers = new LRUCache<string, ListPage>({ max: MAX_REREAD_LISTS });
  const inFlight = new Map<string, Set<() => void>>();
  let rereading: Promise<void> | undefined;
  let changedAgain = false;
  const stopListening = registry?.onChange((id, isServed) => {
    lists.clear();
    if (!isServed) for (const listener of [...(inFlight.get(id) ?? [])]) listener();
  });

  function compile(raw: JsonObject): ToolEntry | { readonly broken: string } {
    const text = JSON.stringify(raw);
    const known = compiled.get(text);
    if (known !== undefined) return known;
    const entry = approvable(compileTool(raw, server));
    compiled.set(text, entry);
    return entry;
  }

  /** The pin is computed here, once for each definition, and only compared on each call. */
  function approvable(entry: ToolEntry | { readonly broken: string }): ToolEntry | { readonly broken: string } {
    if (registry === undefined || 'broken' in entry) return entry;
    const definition = entry.definition as unknown as JsonObject;
    try {
      const offered: PinnedDefinition = { id: subjectId({ server: server.name, tool: entry.definition.name }), pin: pinOf(definition), definition };
      return { ...entry, approval: approvalOf(offered, registry) };
    } catch (error) {
      if (error instanceof NotCanonical) return { broken: error.message };
      throw error;
    }
  }

  function approvalOf(offered: PinnedDefinition, view: ToolRegistryView): ToolApproval {
    return {
      withheld: () => view.withholds(offered),
      onWithdrawn(listener) {
        const listeners = inFlight.get(offered.id) ?? new Set();
        inFlight.set(offered.id, listeners.add(listener));
        return () => {
          if (listeners.delete(listener) && listeners.size === 0 && inFlight.get(offered.id) === listeners) inFlight.delete(offered.id);
        };
      },
      settled: async () => rereading,
    };
  }

  /** A change is noticed when it is announced, not when somebody calls next. */
  function reread(): void {
    if (rereading !== undefined) changedAgain = true;
    else rereading = rereadLists().finally(() => (rereading = undefined));
  }

  async function rereadLists(): Promise<void> {
    do {
      if (changedAgain) await pause(MIN_BETWEEN_REREADS_MS);
      changedAgain = false;
      await Promise.allSettled([...readers.entries()].map(([principal, listPage]) => refresh(principal, listPage)));
    } while (changedAgain);
  }

  async function read(tools: JsonValue | undefined): Promise<ReadTools> {
    let turnStarted = performance.now();
    const entries = new Map<string, ToolEntry>();
    const dropped: { name: string; reason: string }[] = [];
    for (const raw of Array.isArray(tools) ? tools : []) {
      const name = isJsonObject(raw) && typeof raw.name === 'string' ? raw.name : '(no name)';
      if (performance.now() - turnStarted > MAX_TURN_MS) {
        await nextTurn();
        turnStarted = performance.now();
      }
      const entry = isJsonObject(raw) ? compile(raw) : { broken: 'is not an object' };
      if ('broken' in entry) dropped.push({ name, reason: entry.broken });
      else if (entries.has(name)) dropped.push({ name, reason: 'has the name of another tool' });
      else entries.set(name, entry);
    }
    return { entries: [...entries.values()], dropped };
  }

  async function fetchAll(listPage: ListPage): Promise<KnownList> {
    const readAt = clock();
    const tools = new Map<string, ToolEntry>();
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES && tools.size < limits.maxTools; page += 1) {
      const result = await listPage(cursor);
      for (const entry of (await read(result.tools)).entries) {
        if (!tools.has(entry.definition.name)) tools.set(entry.definition.name, entry);
      }
      if (typeof result.nextCursor !== 'string') break;
      cursor = result.nextCursor;
    }
    // The registry hears of every tool, also of those that nobody calls.
    for (const { approval } of tools.values()) approval?.withheld();
    return { readAt, tools };
  }

  function refresh(principal: string, listPage: ListPage): Promise<KnownList> {
    const fetched = fetchAll(listPage);
    lists.set(principal, fetched);
    fetched.then(
      (list) => fetchedLists.set(fetched, list),
      () => {
        if (lists.peek(principal) === fetched) lists.delete(principal);
      },
    );
    return fetched;
  }

  /** The tool, `undefined` where the list is to be believed that there is none, or `'ask'`. */
  function lookUp({ readAt, tools }: KnownList, name: string): ToolEntry | 'ask' | undefined {
    const age = clock() - readAt;
    if (age > limits.catalogMs) return 'ask';
    return tools.get(name) ?? (age < RECHECK_MS ? undefined : 'ask');
  }

  async function ask(principal: string, name: string, listPage: ListPage): Promise<ToolEntry | undefined> {
    return (await refresh(principal, listPage)).tools.get(name);
  }

  async function findIn(pending: Promise<KnownList>, principal: string, name: string, listPage: ListPage): Promise<ToolEntry | undefined> {
    const found = lookUp(await pending, name);
    return found === 'ask' ? ask(principal, name, listPage) : found;
  }

  return {
    read,
    find(principal, name, listPage) {
      if (registry !== undefined) readers.set(principal, listPage);
      const pending = lists.get(principal);
      if (pending === undefined) return ask(principal, name, listPage);
      const list = fetchedLists.get(pending);
      if (list === undefined) return findIn(pending, principal, name, listPage);
      const found = lookUp(list, name);
      return found === 'ask' ? ask(principal, name, listPage) : found;
    },
    forget() {
      lists.clear();
      if (registry !== undefined) reread();
    },
    withholdsInstructions(instructions) {
      if (registry === undefined) return undefined;
      return registry.withholds({ id: subjectId({ server: server.name }), pin: pinOf(instructions), definition: instructions });
    },
    close: () => void stopListening?.(),
  };
}

function compileTool(raw: JsonObject, server: ServerOptions): ToolEntry | { readonly broken: string } {
  if (typeof raw.name !== 'string' || raw.name === '') return { broken: 'has no name' };
  if (!isJsonObject(raw.inputSchema) || raw.inputSchema.type !== 'object') return { broken: 'has an inputSchema whose type is not "object"' };
  const definition = raw as unknown as ToolDefinition;
  const paramHeaders = ParamHeaders.of(definition);
  if (typeof paramHeaders === 'string') return { broken: paramHeaders };
  try {
    return { definition, paramHeaders, guard: compileArgumentGuard(definition, { normalize: server.normalize, unknownArguments: server.unknownArguments }) };
  } catch (error) {
    return { broken: error instanceof Error ? error.message : 'has a schema that cannot be compiled' };
  }
}
