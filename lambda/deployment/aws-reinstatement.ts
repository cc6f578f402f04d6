import { setTimeout as pause } from 'node:timers/promises';
import { StepRefused, type Decision, type StoredRecord, type ToolRegistry } from '../integrity';
import type { Reviews, Workflows } from '../onboarding';

export interface ReinstatementOptions {
  readonly registry: Pick<ToolRegistry, 'find'>;
  readonly reviews: Reviews;
  readonly workflows: Pick<Workflows, 'complete'>;
  /** How long the signature may take, milliseconds. @default 40000 */
  readonly patienceMs?: number;
  /** Between two looks, milliseconds. @default 500 */
  readonly pollMs?: number;
}

/**
 * Takes a quarantine back where only a workflow has the key: the review that the quarantine began is told, its last step signs,
 * and this waits until the record says so.
 *
 * @throws StepRefused where the signer refuses
 * @throws Error where no review is open yet, or the signature takes too long: to be tried again
 */
export function createReinstatement({ registry, reviews, workflows, patienceMs = 40_000, pollMs = 500 }: ReinstatementOptions) {
  return async (id: string, decidedBy: string, { by, why }: Decision): Promise<StoredRecord> => {
    const before = await reviews.find(id);
    if (before === undefined || !(await workflows.complete(before.taskToken, { kind: 'reinstate', by, why, decidedBy }))) throw new Error(`no review of ${id} is open yet`);
    for (const end = Date.now() + patienceMs; Date.now() < end; await pause(pollMs)) {
      const stored = await registry.find(id);
      if (stored?.record.state === 'approved') return stored;
      const now = await reviews.find(id);
      // Refused by the signer, and put before people again.
      if (now !== undefined && now.taskToken !== before.taskToken) throw new StepRefused(id, 'it was not signed again, so people have to approve it');
    }
    throw new Error(`the approval of ${id} was not signed in time`);
  };
}
