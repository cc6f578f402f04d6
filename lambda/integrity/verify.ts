import { inclusionProof, verifyInclusion } from './merkle';
import { statementHash, type ApprovalLog } from './log';
import type { StoredRecord, ToolRegistry } from './registry';

/** What a full check of a registry found. */
export interface Verification {
  /** Definitions that the records call approved. */
  readonly approved: number;
  /** Those of them whose approval has to be renewed. */
  readonly expired: readonly string[];
  /** What does not fit together, one sentence each. Nothing of it is served. */
  readonly problems: readonly string[];
}

/**
 * Checks everything that is approved, from the signed head down: that its statement is in the log, that it is the one the
 * record tells of, and that the stored definition has the approved pin (SC-2, HOST-2).
 * @throws LogNotTrusted where the log itself is not to be believed
 */
export async function verifyRegistry({ registry, log, now }: { readonly registry: ToolRegistry; readonly log: ApprovalLog; /** Milliseconds since the epoch. */ readonly now: number }): Promise<Verification> {
  const [records] = await Promise.all([registry.list(), log.sync()]);
  const problems: string[] = [];
  const expired: string[] = [];
  const approved = records.filter(({ record }) => record.state === 'approved');
  for (const stored of approved) {
    const problem = await problemOf(stored, registry, log);
    if (problem !== undefined) problems.push(`${stored.id}: ${problem}`);
    else if (Date.parse(stored.record.approval?.expiresAt ?? '') <= now) expired.push(stored.id);
  }
  return { approved: approved.length, expired, problems };
}

async function problemOf({ id, record }: StoredRecord, registry: ToolRegistry, log: ApprovalLog): Promise<string | undefined> {
  const statement = log.statementOf(id);
  const { approval } = record;
  if (statement === undefined) return 'its record says approved, and the log has no approval of it';
  if (statement.kind === 'withdrawn') return 'its record says approved, and the log says withdrawn';
  if (statement.revision !== approval?.revision || statement.pin !== approval.pin) return 'its record tells of another approval than the log';
  if (!isInLog(statementHash(statement), log)) return 'its approval is not under the signed head of the log';
  try {
    return (await registry.definition(statement.pin)) === undefined ? 'its approved definition is not stored' : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function isInLog(leaf: Buffer, { leaves, head }: ApprovalLog): boolean {
  if (head === undefined) return false;
  const index = leaves.findIndex((other) => other.equals(leaf));
  return index !== -1 && verifyInclusion(leaf, index, inclusionProof(leaves, index, head.size), { size: head.size, root: Buffer.from(head.root, 'hex') });
}
