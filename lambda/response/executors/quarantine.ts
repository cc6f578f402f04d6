import { StepRefused, subjectId, type Decision, type StoredRecord, type ToolRegistry } from '../../integrity';
import type { Action } from '../action';
import { RESPONDER, type Executor } from '../executor';

export interface QuarantineOptions {
  readonly registry: Pick<ToolRegistry, 'find' | 'quarantine'>;
  /** Takes a quarantine back that `decidedBy` brought: the registry's own, or the way to whoever has its key. */
  readonly reinstate: (id: string, decidedBy: string, decision: Decision) => Promise<StoredRecord>;
}

/**
 * Withdraws the approval of a definition in the registry, and brings the same approval back. A definition that changed
 * meanwhile, or that people stopped, stays stopped.
 *
 * Control: IR-2, SOC-3, TD-4.
 */
export function createQuarantineExecutor({ registry, reinstate }: QuarantineOptions): Executor<Extract<Action, { kind: 'quarantine_tool' }>> {
  return {
    async observe({ tool }) {
      const { record } = (await registry.find(subjectId(tool))) ?? {};
      if (record === undefined) return { is: 'the registry does not know it, so it is not served', contained: true, value: {} };
      return { is: `it is ${record.state}`, contained: record.state !== 'approved', value: { pin: record.pin } };
    },
    async apply({ tool }, _, { why }) {
      const id = subjectId(tool);
      const { record } = (await registry.find(id)) ?? {};
      if (record?.state !== 'approved') return `it is ${record?.state ?? 'unknown'}`;
      await registry.quarantine(id, { by: RESPONDER, why });
      return 'it is quarantined';
    },
    async undo({ tool }, _, { by, why }) {
      const id = subjectId(tool);
      const { record } = (await registry.find(id)) ?? {};
      if (record?.state !== 'quarantined') return `it was left as it is, ${record?.state ?? 'unknown'}`;
      try {
        await reinstate(id, RESPONDER, { by, why });
        return 'it is approved again';
      } catch (error) {
        if (!(error instanceof StepRefused)) throw error;
        return `it stays quarantined: ${error.message}`;
      }
    },
  };
}
