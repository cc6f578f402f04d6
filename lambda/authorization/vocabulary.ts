/** Names of the Cedar model. The schema file and the policies use the same ones. */
export const NAMESPACE = 'Mcp';

export const ENTITY_TYPE = {
  User: `${NAMESPACE}::User`,
  Agent: `${NAMESPACE}::Agent`,
  Group: `${NAMESPACE}::Group`,
  Server: `${NAMESPACE}::Server`,
  Tool: `${NAMESPACE}::Tool`,
  Prompt: `${NAMESPACE}::Prompt`,
  Resource: `${NAMESPACE}::Resource`,
  ToolGrants: `${NAMESPACE}::ToolGrants`,
  ServerGrants: `${NAMESPACE}::ServerGrants`,
  Action: `${NAMESPACE}::Action`,
} as const;

export type EntityType = keyof typeof ENTITY_TYPE;

/** Actions in the group `Action::"discover"`: to see what a server has without using it. */
export const DISCOVER_ACTIONS = ['connect', 'listTools', 'listPrompts', 'listResources'] as const;

/** Actions on the grants for one tool. */
export const GRANT_ACTIONS = ['requestGrant', 'autoApproveGrant', 'approveGrant', 'approveGrantAlone', 'revokeGrant'] as const;

/** Actions on all grants of one server. */
export const SERVER_GRANT_ACTIONS = ['seeGrants', 'useKillSwitch'] as const;

/** `<server>/<tool>`; a server's name has no slash, so two servers' tools never share an action. */
export function toolActionId(server: string, tool: string): string {
  return `${server}/${tool}`;
}
