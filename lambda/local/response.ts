import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { escapeUnprintable } from '../audit/unprintable';
import type { Detection } from '../behaviour';
import type { MarkStore } from '../grants';
import type { StateChange, ToolRegistry } from '../integrity';
import { isJsonObject, type JsonValue } from '../protocol';
import {
  createAccessExecutors,
  createEvidenceExecutor,
  createNotifyExecutor,
  createQuarantineExecutor,
  createResponder,
  createTellingResponder,
  incidentOfDetection,
  incidentOfStep,
  type EvidenceStore,
  type Executors,
  type Incident,
  type Notice,
  type Responder,
  type ResponseEvent,
} from '../response';
import type * as LocalTables from '../stores/local-table';
import type { ResponseConfig } from './config';
import { StartError } from './start-error';

declare const require: (id: '../stores/local-table') => typeof LocalTables;

/** What a response on this machine can take hold of. What is absent it cannot contain. */
export interface Containable {
  readonly registry?: ToolRegistry;
  readonly marks?: MarkStore;
  /** The audit file. */
  readonly audit?: string;
}

/** Hears what a response does. */
export interface ResponseWatcher {
  happened(event: ResponseEvent): void;
  /** What people are told. */
  told(notice: Notice): void;
  failed(error: unknown): void;
}

/** The response to incidents on this machine, open for as long as somebody works with it. */
export interface LocalResponse {
  readonly responder: Responder;
  /** Answers what a gateway notices by itself. Resolves when that is done, whatever comes of it. */
  detected(detection: Detection): Promise<void>;
  changed(change: StateChange): Promise<void>;
  /** Waits for what it is at. */
  close(): Promise<void>;
}

/**
 * Opens the response that `config` names. Several processes may have it open at the same time.
 * @throws StartError
 */
export async function openLocalResponse({ folder, policy }: ResponseConfig, { registry, marks, audit }: Containable, watcher: ResponseWatcher): Promise<LocalResponse> {
  const { store, close } = await openTable(folder);
  const executors: Executors = {
    ...(marks && createAccessExecutors(marks)),
    ...(registry && { quarantine_tool: createQuarantineExecutor({ registry, reinstate: registry.reinstate }) }),
    preserve_evidence: createEvidenceExecutor({ store: createEvidenceFolder(join(folder, 'evidence')), registry, audit: audit === undefined ? undefined : (from, to) => eventsBetween(audit, from, to) }),
    notify: createNotifyExecutor(async (notice) => watcher.told(notice)),
  };
  const responder = createTellingResponder(createResponder({ store, executors, policy, onEvent: (event) => watcher.happened(event) }));
  const busy = new Set<Promise<void>>();
  function answer(incident: Incident | undefined): Promise<void> {
    if (incident === undefined) return Promise.resolve();
    const answering = responder.respond(incident).then(() => undefined, (error: unknown) => watcher.failed(error)).finally(() => busy.delete(answering));
    busy.add(answering);
    return answering;
  }
  return {
    responder,
    detected: (detection) => answer(incidentOfDetection(detection)),
    changed: (change) => answer(incidentOfStep(change)),
    async close() {
      await Promise.all(busy);
      await close();
    },
  };
}

/** Loaded when it is used: the database and its client take a moment that no other command pays. */
async function openTable(folder: string): Promise<LocalTables.LocalTable> {
  try {
    return await require('../stores/local-table').openLocalTable(join(folder, 'documents'));
  } catch (error) {
    throw new StartError(`The response to incidents does not open: ${(error as Error).message}`);
  }
}

/** Files that are written once. */
function createEvidenceFolder(folder: string): EvidenceStore {
  return {
    async keep(incident, name, content) {
      const place = join(folder, incident, name);
      await mkdir(join(folder, incident), { recursive: true, mode: 0o700 });
      try {
        await writeFile(place, `${JSON.stringify(content, undefined, 2)}\n`, { flag: 'wx', mode: 0o400 });
      } catch (error) {
        // There is a copy already, from nearer to the incident.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      return place;
    },
  };
}

const MAX_EVENTS = 10_000;

/** Lines of the audit file whose time lies between the two; the first of them where they are many. */
async function eventsBetween(file: string, from: string, to: string): Promise<readonly JsonValue[]> {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  const found: JsonValue[] = [];
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  for await (const line of lines) {
    const event = eventIn(line);
    const time = isJsonObject(event) && typeof event.time === 'string' ? Date.parse(event.time) : NaN;
    if (time >= first && time <= last) found.push(event!);
    if (found.length >= MAX_EVENTS) break;
  }
  lines.close();
  return found;
}

/** A file whose writer was interrupted may end within a line. */
function eventIn(line: string): JsonValue | undefined {
  try {
    return JSON.parse(line) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Appends a step of a response to the audit file, beside the events of requests (LOG-1). */
export function writeResponse(file: Writable, { at, ...event }: ResponseEvent): void {
  file.write(`${escapeUnprintable(JSON.stringify({ time: at, ...event }))}\n`);
}
