import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { escapeUnprintable } from '../audit/unprintable';
import { detect, detectInstructions, type DetectionResult, type Registry } from '../detection';
import {
  createApprovalLog,
  createHeadFile,
  createHeadVerifier,
  createToolRegistry,
  LogNotTrusted,
  MAX_SUBJECT_ID_BYTES,
  openKeyFile,
  subjectId,
  type ApprovalLog,
  type Scan,
  type StateChange,
  type StoredRecord,
  type Subject,
  type ToolRegistry,
} from '../integrity';
import type { JsonValue, ToolDefinition } from '../protocol';
import type * as LocalTables from '../stores/local-table';
import type { RegistryConfig } from './config';
import type { Probe } from './probe';
import { StartError } from './start-error';

declare const require: (id: '../stores/local-table') => typeof LocalTables;

/** The registry of tools on this machine, open for as long as somebody works with it. */
export interface LocalRegistry {
  readonly registry: ToolRegistry;
  readonly log: ApprovalLog;
  /** Takes note of all that the servers offer, and compares it with each other. Answers what is known of each of them then. */
  observe(probe: Probe, by: string): Promise<readonly StoredRecord[]>;
  close(): Promise<void>;
}

/** Hears what happens in the registry while a gateway runs. */
export interface RegistryWatcher {
  /** A step that this gateway took. */
  changed(change: StateChange): void;
  /** What was decided elsewhere cannot be read, or is not to be believed. */
  failed(error: unknown): void;
}

/** How many definitions are looked up at the same time. */
const PARALLEL = 8;

/**
 * Opens the registry that `config` names. Several processes may have it open at the same time.
 * @param onChange - Gets each step that this process takes.
 * @throws StartError, RegistryNotTrusted
 */
export async function openLocalRegistry(config: RegistryConfig, onChange: (change: StateChange) => void = () => undefined): Promise<LocalRegistry> {
  const table = await startTable(config.folder);
  try {
    const signer = openKeyFile(config.keyFile);
    const { store } = table;
    const log = createApprovalLog({ store, signer, verify: createHeadVerifier([signer.publicKey]), memory: createHeadFile(`${config.keyFile}.newest-head.json`) });
    await log.sync();
    let offered: Registry = { servers: [] };
    const registry = createToolRegistry({ store, log, policy: config.policy, onChange, scan: scannerAmong(() => offered) });
    return {
      registry,
      log,
      async observe(probe, by) {
        offered = registryOf(probe);
        return observeAll(registry, probe, by);
      },
      close: () => table.close(),
    };
  } catch (error) {
    await table.close();
    if (error instanceof LogNotTrusted) throw new RegistryNotTrusted(`The registry in ${config.folder} is not to be believed: ${error.message}`);
    throw new StartError(`The registry does not open: ${(error as Error).message}`);
  }
}

/** The approvals were tampered with, or are an old copy. */
export class RegistryNotTrusted extends StartError {
  override readonly name = 'RegistryNotTrusted';
}

/** Loaded when a registry is used: the database and its client take a moment that no other command pays. */
async function startTable(folder: string): Promise<LocalTables.LocalTable> {
  try {
    return await require('../stores/local-table').openLocalTable(join(folder, 'documents'));
  } catch (error) {
    throw new StartError(`The registry does not open: ${(error as Error).message}`);
  }
}

/** The detector, with what the servers of this machine offer beside the definition. */
function scannerAmong(offered: () => Registry): Scan {
  return ({ server, tool }: Subject, definition: JsonValue): DetectionResult =>
    tool === undefined || typeof definition === 'string'
      ? detectInstructions(String(definition))
      : detect(definition as unknown as ToolDefinition, { server, registry: offered() });
}

function registryOf({ results }: Probe): Registry {
  return { servers: [...results].flatMap(([name, result]) => (result.ok ? [{ name, tools: result.tools, ...(result.instructions === undefined ? {} : { instructions: result.instructions }) }] : [])) };
}

async function observeAll(registry: ToolRegistry, { results }: Probe, by: string): Promise<StoredRecord[]> {
  const isRecordable = ([subject]: [Subject, JsonValue]) => Buffer.byteLength(subjectId(subject)) <= MAX_SUBJECT_ID_BYTES;
  const sightings = [...results].flatMap(([server, result]): [Subject, JsonValue][] => {
    if (!result.ok) return [];
    const tools = result.tools.map((tool): [Subject, JsonValue] => [{ server, tool: tool.name }, tool as unknown as JsonValue]);
    return result.instructions === undefined ? tools : [[{ server }, result.instructions], ...tools];
  }).filter(isRecordable);
  const stored: StoredRecord[] = [];
  for (let start = 0; start < sightings.length; start += PARALLEL) {
    stored.push(...(await Promise.all(sightings.slice(start, start + PARALLEL).map(([subject, definition]) => registry.observe(subject, definition, by)))));
  }
  return stored;
}

/** Appends a step to the audit file, beside the events of requests (LOG-1: tool registration and updates). */
export function writeChange(file: Writable, { subject, revision, action, from, to, pin, by, at, why }: StateChange): void {
  file.write(`${escapeUnprintable(JSON.stringify({ time: at, kind: 'tool', subject, action, from, to, pin, revision, by, why }))}\n`);
}
