import type { Decision, DecisionPoint, GrantAction, GrantRequestFacts } from '../authorization';
import type { Principal } from '../identity';
import type { ToolDefinition } from '../protocol';
import type { GrantTerms } from './grant';
import type { Target } from './marks';

/** What one approval is worth. */
export type ApprovalWeight = 'none' | 'one_of_two' | 'alone';

/** Who may do what with grants. Answers no where it cannot be decided. */
export interface GrantAuthority {
  mayRequest(principal: Principal, terms: GrantTerms, now: number): Promise<boolean>;
  /** The policies by which nobody else has to approve; `undefined` where somebody has to. */
  autoApproves(principal: Principal, terms: GrantTerms, now: number): Promise<readonly string[] | undefined>;
  weighs(approver: Principal, terms: GrantTerms, now: number): Promise<ApprovalWeight>;
  mayRevoke(principal: Principal, terms: GrantTerms, now: number): Promise<boolean>;
  maySee(principal: Principal, server: string, now: number): Promise<boolean>;
  /** Whether everything that `target` stands for may be revoked or blocked. */
  mayBlock(principal: Principal, target: Target, now: number): Promise<boolean>;
}

/**
 * Authority by Cedar policies (actions `requestGrant`, `autoApproveGrant`, `approveGrant`, `approveGrantAlone`, `revokeGrant`,
 * `seeGrants`, `useKillSwitch`).
 *
 * @param servers Names of all servers: what concerns no single one has to be permitted on each.
 */
export function createCedarAuthority(decisionPoint: DecisionPoint, servers: readonly string[]): GrantAuthority {
  async function decide(action: GrantAction, principal: Principal, terms: GrantTerms, now: number): Promise<Decision> {
    const operation = { kind: action, tool: toolOf(terms), request: factsOf(terms) };
    try {
      return await decisionPoint.decide({ principal, server: terms.server, operation, context: { now, purpose: terms.purpose, risk: terms.risk } });
    } catch {
      return UNAVAILABLE;
    }
  }

  async function mayOn(action: 'seeGrants' | 'useKillSwitch', principal: Principal, server: string, now: number): Promise<boolean> {
    try {
      return (await decisionPoint.decide({ principal, server, operation: { kind: action }, context: { now } })).effect === 'allow';
    } catch {
      return false;
    }
  }

  return {
    mayRequest: async (principal, terms, now) => (await decide('requestGrant', principal, terms, now)).effect === 'allow',
    async autoApproves(principal, terms, now) {
      const decision = await decide('autoApproveGrant', principal, terms, now);
      return decision.effect === 'allow' ? decision.policyIds : undefined;
    },
    async weighs(approver, terms, now) {
      if ((await decide('approveGrant', approver, terms, now)).effect !== 'allow') return 'none';
      return (await decide('approveGrantAlone', approver, terms, now)).effect === 'allow' ? 'alone' : 'one_of_two';
    },
    mayRevoke: async (principal, terms, now) => (await decide('revokeGrant', principal, terms, now)).effect === 'allow',
    maySee: (principal, server, now) => mayOn('seeGrants', principal, server, now),
    async mayBlock(principal, target, now) {
      const concerned = 'server' in target ? [target.server] : servers;
      const answers = await Promise.all(concerned.map((server) => mayOn('useKillSwitch', principal, server, now)));
      return answers.length > 0 && answers.every(Boolean);
    },
  };
}

const UNAVAILABLE: Decision = { effect: 'deny', policyIds: [], reason: 'unavailable' };

/** The tool as far as policies on grants see it. Where its hints are not known, it counts as what is most dangerous. */
export function toolOf({ tool, annotations }: GrantTerms): ToolDefinition {
  return { name: tool, inputSchema: { type: 'object' }, ...(annotations === undefined ? {} : { annotations }) };
}

function factsOf({ principal, arguments: limit, uses, lifetimeSeconds }: GrantTerms): GrantRequestFacts {
  return { principal: principal.id, argumentsBound: limit.kind === 'exact', uses, lifetimeSeconds };
}
