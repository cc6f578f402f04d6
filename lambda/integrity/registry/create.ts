import { canonicalJson, type JsonObject, type JsonValue } from '../../protocol';
import { changeLevel, definitionDifference } from '../difference';
import { DEFAULT_APPROVAL_DAYS, isNews, isSensitive, type Actor, type Command, type ScanFinding, type ScanResult } from '../life-cycle';
import { pinOf } from '../pin';
import { MAX_SUBJECT_ID_BYTES, subjectId, type Subject } from '../subject';
import { StepRefused, type Decision, type ToolRegistry, type ToolRegistryOptions } from './contract';
import { bodyOf, definitionsIn } from './definitions';
import { recordsIn } from './records';

const DAY_MS = 86_400_000;
const MAX_STORED_FINDINGS = 50;
const SCANNER = 'scan';

export function createToolRegistry(options: ToolRegistryOptions): ToolRegistry {
  const { store, log, scan, policy = {}, clock = Date.now } = options;
  const records = recordsIn(options);
  const definitions = definitionsIn(store);
  const now = () => new Date(clock()).toISOString();

  /** A scan as it is kept. */
  async function scanBriefly(subject: Subject, offered: JsonValue): Promise<ScanResult> {
    const { verdict, score, findings } = await scan(subject, offered);
    return { verdict, score, findings: findings.slice(0, MAX_STORED_FINDINGS) };
  }

  const decide = (action: 'reject' | 'quarantine' | 'revoke', insist: boolean) => (id: string, { by, why }: Decision) =>
    records.take(id, async () => [[{ action }, { by, at: now(), why }]], insist);

  return {
    async observe(subject, offered, by) {
      const id = subjectId(subject);
      if (Buffer.byteLength(id) > MAX_SUBJECT_ID_BYTES) throw new StepRefused(`${id.slice(0, 40)}...`, `its name is longer than ${MAX_SUBJECT_ID_BYTES} bytes`);
      const pin = pinOf(offered);
      const body = bodyOf(offered);
      const sensitive = isSensitive(id, offered, policy);
      let scanned: Promise<ScanResult> | undefined;
      return records.take(
        id,
        async (current) => {
          if (!isNews(current?.record, pin)) return [];
          await definitions.keep(pin, offered);
          const result = await (scanned ??= scanBriefly(subject, offered));
          const resembles = current === undefined ? await definitions.resembling(id, body) : [];
          const at = now();
          const seen = current === undefined ? (resembles.length === 0 ? 'offered for the first time' : `offered for the first time, and the same as ${resembles.join(', ')}`) : 'its definition changed';
          const sighting = { subject, pin, sensitive, ...(body === undefined ? {} : { body }), ...(resembles.length === 0 ? {} : { resembles }) };
          const steps: [Command, Actor][] = [
            [{ action: 'observe', ...sighting }, { by, at, why: seen }],
            [{ action: 'scan', scan: result }, { by: SCANNER, at, why: describeScan(result) }],
          ];
          if (current?.record.state !== 'approved' && current?.record.state !== 'quarantined') steps.push([{ action: 'submit' }, { by, at, why: 'waits for people' }]);
          return steps;
        },
        true,
      );
    },
    rescan: (id, by) =>
      records.take(
        id,
        async (current) => {
          const { record } = current ?? (await records.known(id));
          const offered = record.state === 'revoked' ? undefined : await definitions.read(record.pin);
          if (offered === undefined) return [];
          const result = await scanBriefly(record.subject, offered);
          if (record.scan !== undefined && canonicalJson(result as unknown as JsonObject) === canonicalJson(record.scan as unknown as JsonObject)) return [];
          const at = now();
          const steps: [Command, Actor][] = [[{ action: 'scan', scan: result }, { by, at, why: describeScan(result) }]];
          const isWorse = result.verdict === 'reject' && record.scan?.verdict !== 'reject';
          if (record.state === 'approved' && isWorse) steps.push([{ action: 'quarantine' }, { by, at, why: `the detector rejects it now: ${result.findings[0]?.sentence ?? describeScan(result)}` }]);
          return steps;
        },
        true,
      ),
    approve: (id, { by, why, pin, despiteFindings, endorsers }) =>
      records.take(
        id,
        async (current) => {
          const at = clock();
          const chosen = pin ?? current?.record.pin;
          const kept = chosen && (await definitions.read(chosen));
          if (chosen !== undefined && kept === undefined) throw new StepRefused(id, 'its definition is not kept, it may be too large');
          const own = current === undefined || kept === undefined ? undefined : { verdict: (await scan(current.record.subject, kept)).verdict, sensitive: isSensitive(id, kept, policy) };
          const version = current === undefined || chosen === undefined ? '' : await definitions.versionOf(current.record, chosen);
          const expiresAt = new Date(at + (policy.approvalDays ?? DEFAULT_APPROVAL_DAYS) * DAY_MS).toISOString();
          return [[{ action: 'approve', pin, version, expiresAt, despiteFindings, own, endorsers }, { by, at: new Date(at).toISOString(), why }]];
        },
        false,
      ),
    reinstate: (id, decidedBy, { by, why }) =>
      records.take(
        id,
        async (current) => {
          const { record } = current ?? (await records.known(id));
          const last = (await records.history(id)).findLast(({ to, from }) => to === 'quarantined' && from !== 'quarantined');
          if (record.state === 'quarantined' && last?.by !== decidedBy) throw new StepRefused(id, `it was not ${decidedBy} that stopped it`);
          await log.sync();
          const approval = log.approvalOf(id);
          const kept = await definitions.read(record.pin);
          if (approval === undefined || kept === undefined) throw new StepRefused(id, 'it was never approved');
          const { pin, version, at, expiresAt, by: approvers } = approval;
          const { verdict } = await scan(record.subject, kept);
          return [[{ action: 'reinstate', approval: { pin, version, at, expiresAt, by: approvers }, verdict }, { by, at: now(), why }]];
        },
        false,
      ),
    reject: decide('reject', false),
    quarantine: decide('quarantine', true),
    revoke: decide('revoke', true),
    publishWithdrawal: records.publishWithdrawal,
    list: records.list,
    changedSince: records.changedSince,
    find: records.load,
    definition: definitions.read,
    history: records.history,
    async review(id) {
      const { record } = await records.known(id);
      const { pin, approval } = record;
      const after = await definitions.read(pin);
      const before = approval && (await definitions.read(approval.pin));
      if (after === undefined) throw new Error(`the definition of ${id} is not stored`);
      const earlier = before === undefined ? [] : (await scan(record.subject, before)).findings;
      const isNew = ({ ruleId, pointer }: ScanFinding) => !earlier.some((finding) => finding.ruleId === ruleId && finding.pointer === pointer);
      return {
        ...(approval === undefined ? {} : { before: approval.pin }),
        after: pin,
        level: before === undefined ? 'major' : changeLevel(before, after),
        differences: before === undefined ? [] : definitionDifference(before, after),
        newFindings: (record.scan?.findings ?? []).filter(isNew),
      };
    },
  };
}

function describeScan({ verdict, score, findings }: ScanResult): string {
  return `${verdict}, score ${score.toFixed(2)}, ${findings.length === 1 ? '1 finding' : `${findings.length} findings`}`;
}
