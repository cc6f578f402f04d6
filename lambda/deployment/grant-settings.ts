import { readJson, readList, required, type Environment } from './environment';
import { readGrantTableSettings, type GrantTableSettings } from './grant-table-settings';
import { readSharedSettings, type SharedSettings } from './settings';

/** What the function that serves `/grants` and `/approvals` is told. */
export interface GrantSiteSettings extends SharedSettings {
  readonly grants: GrantTableSettings;
  readonly keySecretArn: string;
  /** Names of the servers. */
  readonly servers: readonly string[];
  /** Where approvers sign in. */
  readonly signIn: SignInSettings;
}

export interface SignInSettings {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly scopes?: readonly string[];
}

/** @throws Error that names the variable */
export function readGrantSiteSettings(environment: Environment): GrantSiteSettings {
  return {
    ...readSharedSettings(environment),
    grants: readGrantTableSettings(environment),
    keySecretArn: required(environment, 'MCP_KEY_SECRET_ARN'),
    servers: readList(environment, 'MCP_GRANTS_SERVERS').map(String),
    signIn: readJson(environment, 'MCP_GRANTS_SIGN_IN') as unknown as SignInSettings,
  };
}
