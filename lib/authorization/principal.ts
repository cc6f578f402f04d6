import { cedarEntity } from '../../lambda/authorization/cedar-text';

/** Who a grant is for, as the token's issuer names them. */
export class McpPrincipal {
  /** A person: the `sub` of their tokens, with the issuer's `subjectPrefix` before it. */
  static user(id: string): McpPrincipal {
    return new McpPrincipal('User', id);
  }

  /** A client that acts on its own behalf: its client id, with the issuer's `subjectPrefix` before it. */
  static agent(id: string): McpPrincipal {
    return new McpPrincipal('Agent', id);
  }

  /** Everyone whose tokens name this group, with the issuer's `subjectPrefix` before it. */
  static group(name: string): McpPrincipal {
    return new McpPrincipal('Group', name);
  }

  private constructor(
    /** The Cedar entity type, without its namespace. */
    readonly type: string,
    /** The Cedar entity id. */
    readonly id: string,
  ) {
    if (id === '') throw new Error(`the id of an Mcp::${type} is empty, expected the name that the token's issuer gives it`);
    cedarEntity(type as 'User' | 'Agent' | 'Group', id);
  }
}
