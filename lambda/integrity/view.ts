import type { JsonValue } from '../protocol';
import { isNews, type LifeCycleState, type ToolRecord } from './life-cycle';
import type { ApprovalLog } from './log';
import type { Pin } from './pin';
import type { StoredRecord, ToolRegistry } from './registry';
import { MAX_SUBJECT_ID_BYTES, MAX_SUBJECTS_OF_SERVER, parseSubject } from './subject';

/** Why a definition is not served. */
export type WithheldReason = 'not_approved' | 'quarantined' | 'revoked' | 'approval_expired' | 'registry_unavailable';

/** A definition with its pin, which is computed once for each definition and not for each call. */
export interface PinnedDefinition {
  /** `subjectId` of the tool, or of the server's instructions. */
  readonly id: string;
  readonly pin: Pin;
  readonly definition: JsonValue;
}

/** What the gateway asks the registry, on every list and every call. */
export interface ToolRegistryView {
  /**
   * Why this definition is not to be served, or `undefined` where it is: its pin is approved in the log, under the newest
   * signed head that was seen, and nobody withdrew it. At once, without I/O. What is new is recorded in the background; a
   * changed definition stops its subject from being served from this moment on, also where it changes back (TD-4).
   */
  withholds(offered: PinnedDefinition): WithheldReason | undefined;
  /** Tells of each subject whose approval comes or goes, so that calls in flight can be refused. Returns how to stop listening. */
  onChange(listener: (id: string, isServed: boolean) => void): () => void;
}

/** A view that has to be filled and let go. */
export interface RefreshedView extends ToolRegistryView {
  /** Reads what others decided. Rejects where it cannot be read or is not to be believed; what was known holds on for a while. */
  refresh(): Promise<void>;
  /** When what others decided was read last, milliseconds since the epoch; `-Infinity` where it never was. */
  readonly refreshedAt: number;
  /** Resolves when all that was seen so far is recorded. */
  settled(): Promise<void>;
  close(): void;
}

export interface RegistryViewOptions {
  readonly registry: ToolRegistry;
  readonly log: ApprovalLog;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** How often it is read what others decided, milliseconds. @default 1000 */
  readonly refreshMs?: number;
  /** Without a successful refresh for this long, nothing is served, milliseconds. @default 30000 */
  readonly maxStaleMs?: number;
  /** Who sees definitions, in the history. @default 'gateway' */
  readonly observer?: string;
  /** Gets what goes wrong in the background. */
  readonly onError?: (error: unknown) => void;
}

interface Served {
  readonly pin: Pin;
  readonly expiresAt: number;
}

/** Sightings that wait to be recorded; what is beyond is seen again at the next list. */
const MAX_WAITING = 2_000;
/** A server that changes without end is not recorded without end. */
const MIN_BETWEEN_CHANGES_MS = 60_000;
const PARALLEL_REPORTS = 4;
/** How far the clocks of writers may be behind, milliseconds; what lies further back is found when everything is read again. */
const CHANGES_WINDOW_MS = 120_000;
const BETWEEN_FULL_READS_MS = 60_000;

const WITHHELD: Readonly<Record<LifeCycleState, WithheldReason>> = {
  discovered: 'not_approved',
  scanned: 'not_approved',
  review: 'not_approved',
  approved: 'not_approved',
  quarantined: 'quarantined',
  revoked: 'revoked',
};

/** Follows the registry. Serves nothing until its first refresh. */
export function createRegistryView(options: RegistryViewOptions): RefreshedView {
  const { registry, log, clock = Date.now, refreshMs = 1_000, maxStaleMs = 30_000, observer = 'gateway', onError = () => undefined } = options;
  const records = new Map<string, StoredRecord>();
  const served = new Map<string, Served>();
  /** Subjects that changed before our eyes, until the registry has taken note. */
  const suspended = new Set<string>();
  const waiting = new Map<string, PinnedDefinition>();
  const reporting = new Map<string, Promise<void>>();
  const subjects = new Map<string, number>();
  const listeners = new Set<(id: string, isServed: boolean) => void>();
  let refreshedAt = -Infinity;
  let readAllAt = -Infinity;
  let settledLeaves = 0;
  let refreshing: Promise<void> | undefined;

  /** What the record and the log say together is served; either alone serves nothing. */
  function settle(id: string): void {
    const before = served.get(id);
    const { record } = records.get(id) ?? {};
    const statement = log.statementOf(id);
    const isServed = record?.state === 'approved' && statement?.kind === 'approved' && statement.revision === record.approval?.revision && !suspended.has(id);
    if (isServed) served.set(id, { pin: statement.pin, expiresAt: Date.parse(statement.expiresAt) });
    else served.delete(id);
    if (before?.pin !== served.get(id)?.pin) for (const listener of listeners) listener(id, isServed);
  }

  function learn(stored: StoredRecord): void {
    const { id, revision } = stored;
    if (!records.has(id)) {
      const { server } = parseSubject(id);
      subjects.set(server, (subjects.get(server) ?? 0) + 1);
    }
    if ((records.get(id)?.revision ?? 0) <= revision) records.set(id, stored);
    settle(id);
  }

  async function readNew(): Promise<void> {
    const startedAt = clock();
    const isFull = startedAt - readAllAt >= BETWEEN_FULL_READS_MS;
    const [stored] = await Promise.all([isFull ? registry.list() : readChanged(startedAt), log.sync()]);
    if (isFull) readAllAt = startedAt;
    for (const one of stored) learn(one);
    if (log.leaves.length !== settledLeaves) {
      settledLeaves = log.leaves.length;
      for (const id of records.keys()) settle(id);
    }
    refreshedAt = startedAt;
    startReports();
  }

  async function readChanged(now: number): Promise<StoredRecord[]> {
    const changes = await registry.changedSince(now - CHANGES_WINDOW_MS);
    const ids = new Set(changes.filter(({ id, revision }) => (records.get(id)?.revision ?? 0) < revision).map(({ id }) => id));
    const found = await Promise.all([...ids].map((id) => registry.find(id)));
    return found.filter((one) => one !== undefined);
  }

  function refresh(): Promise<void> {
    refreshing ??= readNew().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  }

  function report(offered: PinnedDefinition, record: ToolRecord | undefined, now: number): void {
    const { id, pin } = offered;
    const key = `${id}\n${pin}`;
    if (Buffer.byteLength(id) > MAX_SUBJECT_ID_BYTES) return;
    if (waiting.size >= MAX_WAITING || waiting.has(key) || reporting.has(key)) return;
    if (record === undefined && (subjects.get(parseSubject(id).server) ?? 0) >= MAX_SUBJECTS_OF_SERVER) return;
    if (record !== undefined && record.state !== 'approved' && now - Date.parse(record.steps.at(-1)?.at ?? '') < MIN_BETWEEN_CHANGES_MS) return;
    waiting.set(key, offered);
    startReports();
  }

  function startReports(): void {
    for (const [key, offered] of waiting) {
      if (reporting.size >= PARALLEL_REPORTS) return;
      waiting.delete(key);
      reporting.set(key, finish(key, offered));
    }
  }

  /** What cannot be recorded now is tried again with the next refresh. */
  async function finish(key: string, offered: PinnedDefinition): Promise<void> {
    try {
      await record(offered);
      reporting.delete(key);
      startReports();
    } catch (error) {
      reporting.delete(key);
      waiting.set(key, offered);
      onError(error);
    }
  }

  async function record({ id, definition }: PinnedDefinition): Promise<void> {
    const stored = await registry.observe(parseSubject(id), definition, observer);
    if (stored.record.state === 'approved') await log.sync();
    suspended.delete(id);
    learn(stored);
  }

  /** The slow way, for what is not served. */
  function judge(offered: PinnedDefinition, now: number): WithheldReason {
    if (now - refreshedAt > maxStaleMs) return 'registry_unavailable';
    const { id, pin } = offered;
    const { record } = records.get(id) ?? {};
    if (isNews(record, pin)) {
      if (record?.state === 'approved') {
        suspended.add(id);
        settle(id);
      }
      report(offered, record, now);
    }
    if (suspended.has(id)) return 'quarantined';
    const approved = served.get(id);
    if (approved !== undefined && approved.pin === pin && approved.expiresAt <= now) return 'approval_expired';
    return record === undefined ? 'not_approved' : WITHHELD[record.state];
  }

  const timer = setInterval(() => void refresh().catch(onError), refreshMs);
  timer.unref();

  return {
    withholds(offered) {
      const now = clock();
      const approved = served.get(offered.id);
      const isServed = approved !== undefined && approved.pin === offered.pin && now < approved.expiresAt && now - refreshedAt <= maxStaleMs;
      return isServed ? undefined : judge(offered, now);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    get refreshedAt() {
      return refreshedAt;
    },
    async settled() {
      while (reporting.size > 0) await Promise.all(reporting.values());
    },
    close: () => clearInterval(timer),
  };
}
