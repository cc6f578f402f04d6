import type { Pin, LifeCycleState, ToolRegistry, ApprovalLog } from '../integrity';

/** What the one step that has the key is asked to do. */
export type SignRequest =
  | {
      readonly action: 'approve';
      readonly id: string;
      readonly decision: { readonly by: string; readonly why: string; readonly pin: Pin; readonly despiteFindings: boolean };
      /** Who has approved the same definition before in this workflow. */
      readonly endorsers: readonly string[];
    }
  /** The record says already that the subject is not served; the log is to say it too. */
  | { readonly action: 'withdraw'; readonly id: string }
  /** The head is to be signed once more, so that instances know it is the newest. */
  | { readonly action: 'renew' };

export type SignOutcome =
  | { readonly action: 'approve'; readonly state: LifeCycleState; /** Empty when enough people have. */ readonly endorsers: readonly string[] }
  | { readonly action: 'withdraw'; readonly isAppended: boolean }
  | { readonly action: 'renew'; readonly size: number };

export interface SignStepOptions {
  readonly registry: ToolRegistry;
  readonly log: ApprovalLog;
}

/**
 * Signs and publishes. Of what stands in a record it believes nothing that others may write: it scans the definition itself,
 * and counts only endorsements that came by this workflow (MUL-10).
 */
export function createSignStep({ registry, log }: SignStepOptions): (request: SignRequest) => Promise<SignOutcome> {
  return async (request) => {
    switch (request.action) {
      case 'approve': {
        const { id, decision, endorsers } = request;
        const { record } = await registry.approve(id, { ...decision, endorsers });
        const isComplete = record.endorsements.length === 0;
        return { action: 'approve', state: record.state, endorsers: isComplete ? [] : [...endorsers, decision.by] };
      }
      case 'withdraw':
        return { action: 'withdraw', isAppended: await registry.publishWithdrawal(request.id) };
      case 'renew':
        return { action: 'renew', size: (await log.renew())?.size ?? 0 };
    }
  };
}
