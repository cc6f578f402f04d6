import { StepRefused, type ApprovalLog, type Pin, type ToolRegistry } from '../integrity';

/** What the one step that has the key is asked to do. */
export type SignRequest =
  | {
      readonly action: 'approve';
      readonly id: string;
      readonly decision: { readonly by: string; readonly why: string; readonly pin: Pin; readonly despiteFindings: boolean };
      /** Who has approved the same definition before in this workflow. */
      readonly endorsers: readonly string[];
    }
  /** A quarantine was a mistake: the approval before it holds again. */
  | { readonly action: 'reinstate'; readonly id: string; readonly decision: { readonly by: string; readonly why: string; readonly decidedBy: string } }
  /** The record says already that the subject is not served; the log is to say it too. */
  | { readonly action: 'withdraw'; readonly id: string }
  /** The head is to be signed once more, so that instances know it is the newest. */
  | { readonly action: 'renew' };

export type SignOutcome = ApprovalOutcome | { readonly isAppended: boolean } | { /** Of the log, in entries. */ readonly size: number };

export interface ApprovalOutcome {
  /** `published`, where the definition is served from now on; `endorsed`, where another person has to approve it; `refused`. */
  readonly outcome: 'published' | 'endorsed' | 'refused';
  /** Who has approved the definition so far in this workflow. */
  readonly endorsers: readonly string[];
  /** One sentence; empty where nothing was refused. */
  readonly refusal: string;
}

export interface SignStepOptions {
  readonly registry: ToolRegistry;
  readonly log: ApprovalLog;
}

/**
 * Signs and publishes. Of what stands in a record it believes nothing that others may write: it scans the definition itself,
 * and counts only endorsements that came by this workflow (MUL-10).
 */
export function createSignStep({ registry, log }: SignStepOptions): (request: SignRequest) => Promise<SignOutcome> {
  async function approve({ id, decision: { by, why, pin, despiteFindings }, endorsers }: Extract<SignRequest, { action: 'approve' }>): Promise<ApprovalOutcome> {
    try {
      const { record } = await registry.approve(id, { by, why, pin, despiteFindings, endorsers });
      const isComplete = record.endorsements.length === 0;
      return { outcome: isComplete ? 'published' : 'endorsed', endorsers: isComplete ? [] : [...endorsers, by], refusal: '' };
    } catch (error) {
      if (!(error instanceof StepRefused)) throw error;
      return { outcome: 'refused', endorsers, refusal: error.message };
    }
  }

  async function reinstate({ id, decision: { by, why, decidedBy } }: Extract<SignRequest, { action: 'reinstate' }>): Promise<ApprovalOutcome> {
    try {
      await registry.reinstate(id, decidedBy, { by, why });
      return { outcome: 'published', endorsers: [], refusal: '' };
    } catch (error) {
      if (!(error instanceof StepRefused)) throw error;
      return { outcome: 'refused', endorsers: [], refusal: error.message };
    }
  }

  return async (request) => {
    switch (request.action) {
      case 'reinstate':
        return reinstate(request);
      case 'approve':
        return approve(request);
      case 'withdraw':
        return { isAppended: await registry.publishWithdrawal(request.id) };
      case 'renew':
        return { size: (await log.renew())?.size ?? 0 };
    }
  };
}
