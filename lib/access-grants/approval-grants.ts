import { cedarEntity } from '../../lambda/authorization/cedar-text';
import type { McpPrincipal, Policy, PolicyStore } from '../authorization';

/**
 * What principals may do with the just-in-time grants for a server's tools. Each writes a Cedar policy into a policy store. That
 * a tool needs a grant is a policy, too: `permit (...) when { context has grant }`.
 */
export class ApprovalGrants {
  /** Grants on what approvers decide, kept in a policy store. */
  static fromPolicyStore(policyStore: PolicyStore): ApprovalGrants {
    return new ApprovalGrants(policyStore);
  }

  private constructor(private readonly policyStore: PolicyStore) {}

  /** Lets a principal ask for grants for the tools of a server. */
  request(principal: McpPrincipal, server: string): Policy {
    return this.add(principal, ['requestGrant'], 'Server', server, 'asks for grants');
  }

  /** Lets a principal see, approve, deny and revoke grants for the tools of a server. Two different principals have to approve each. */
  approveWithAnother(principal: McpPrincipal, server: string): Policy {
    return this.add(principal, APPROVE, 'ServerGrants', server, 'approves grants, with another one');
  }

  /** Lets a principal see, approve, deny and revoke grants for the tools of a server, alone. Never those that it asked for. */
  approve(principal: McpPrincipal, server: string): Policy {
    return this.add(principal, [...APPROVE, 'approveGrantAlone'], 'ServerGrants', server, 'approves grants');
  }

  /** Lets a principal block a server and its tools; principals and everything, where it may block every server. */
  useKillSwitch(principal: McpPrincipal, server: string): Policy {
    return this.add(principal, ['seeGrants', 'useKillSwitch'], 'ServerGrants', server, 'uses the kill switch');
  }

  private add({ type, id }: McpPrincipal, actions: readonly string[], resourceType: 'Server' | 'ServerGrants', server: string, what: string): Policy {
    const entity = cedarEntity(type as 'User' | 'Agent' | 'Group', id);
    const statement = `permit (
  principal ${type === 'Group' ? 'in' : '=='} ${entity},
  action in [${actions.map((action) => cedarEntity('Action', action)).join(', ')}],
  resource in ${cedarEntity(resourceType, server)}
);
`;
    return this.policyStore.addPolicy(`${type}-${id}-${what}-${server}`.replace(/[^A-Za-z0-9-]/g, '-'), { statement, description: `${type} ${id} ${what} for ${server}`.slice(0, 150) });
  }
}

const APPROVE = ['seeGrants', 'approveGrant', 'revokeGrant'];
