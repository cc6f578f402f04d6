import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { escapeUnprintable } from '../audit/unprintable';
import type { Registry } from '../detection';
import { createDetectorScan, knownSightings, observeAll, registryOf, rescanAll, sightingsOf, type Probe, type Sighting } from '../discovery';
import {
  createApprovalLog,
  createHeadFile,
  createHeadVerifier,
  createToolRegistry,
  LogNotTrusted,
  openKeyFile,
  type ApprovalLog,
  type StateChange,
  type StoredRecord,
  type ToolRegistry,
} from '../integrity';
import type * as LocalTables from '../stores/local-table';
import type { RegistryConfig } from './config';
import { StartError } from './start-error';

declare const require: (id: '../stores/local-table') => typeof LocalTables;

/** The registry of tools on this machine, open for as long as somebody works with it. */
export interface LocalRegistry {
  readonly registry: ToolRegistry;
  readonly log: ApprovalLog;
  /** Takes note of all that the servers offer, and compares it with each other. Answers what is known of each of them then. */
  observe(probe: Probe, by: string): Promise<readonly StoredRecord[]>;
  /** The same; scans all that is known again with the detector of today (TV-4), and renews the head of the log. */
  rescan(probe: Probe, by: string): Promise<void>;
  close(): Promise<void>;
}

/** Hears what happens in the registry while a gateway runs. */
export interface RegistryWatcher {
  /** A step that this gateway took. */
  changed(change: StateChange): void;
  /** What was decided elsewhere cannot be read, or is not to be believed. */
  failed(error: unknown): void;
}

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
    const registry = createToolRegistry({ store, log, policy: config.policy, onChange, scan: createDetectorScan(() => offered) });
    const observe = (probe: Probe, by: string) => {
      const sightings = sightingsIn(probe);
      offered = registryOf(sightings);
      return observeAll(registry, sightings, by);
    };
    return {
      registry,
      log,
      observe,
      async rescan(probe, by) {
        await observe(probe, by);
        offered = registryOf(await knownSightings(registry));
        await rescanAll(registry, by);
        await log.renew();
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

function sightingsIn({ results }: Probe): readonly Sighting[] {
  return [...results].flatMap(([server, result]) => sightingsOf(server, result));
}

/** Appends a step to the audit file, beside the events of requests (LOG-1: tool registration and updates). */
export function writeChange(file: Writable, { subject, revision, action, from, to, pin, by, at, why }: StateChange): void {
  file.write(`${escapeUnprintable(JSON.stringify({ time: at, kind: 'tool', subject, action, from, to, pin, revision, by, why }))}\n`);
}
