import { createHmac } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { escapeUnprintable } from '../audit/unprintable';
import type { DecisionPoint } from '../authorization';
import { createGateway, type Gateway, type GatewayGrants } from '../gateway';
import { createSeal } from '../gateway/sessions';
import { createCedarAuthority, createGrantDesk, createGrantSite, createKillSwitch, createMarkStore, createOidcSignIn, type GrantDesk, type KillSwitch } from '../grants';
import { createRateLimiter, DEFAULT_RATE_LIMITS } from '../limits';
import type { DocumentStore } from '../stores';
import { createDynamoDbStore } from '../stores/aws-dynamodb-store';
import { openAuditLog } from './aws-audit-log';
import { CLIENT_LIMITS } from './aws-client-limits';
import { authenticatorOf, decisionPointOf } from './aws-decision-point';
import { readSecret } from './aws-servers';
import type { GrantSiteSettings } from './grant-settings';
import type { GrantTableSettings } from './grant-table-settings';

/**
 * The desk of a deployed function. Its events are lines of the log, beside the audit events; what is written is announced from the table.
 *
 * @param writeLine gets one JSON object
 */
export function deskOf({ table, maxLifetimeSeconds, maxUses, decideMs }: GrantTableSettings, decisionPoint: DecisionPoint, servers: readonly string[], writeLine: (line: string) => void, store = storeOf(table)): GrantDesk {
  return createGrantDesk({
    store,
    authority: createCedarAuthority(decisionPoint, servers),
    limits: { maxLifetimeSeconds, maxUses, decideMs },
    onEvent: ({ at, ...event }) => writeLine(escapeUnprintable(JSON.stringify({ time: new Date(at).toISOString(), ...event }))),
  });
}

function storeOf(table: string): DocumentStore {
  return createDynamoDbStore(new DynamoDBClient(CLIENT_LIMITS), table);
}

/** What a gateway does with grants, wherever its code runs: their pages are at a URL of their own. */
export function gatewayGrants(settings: GrantTableSettings, decisionPoint: DecisionPoint, servers: readonly string[], writeLine: (line: string) => void): GatewayGrants {
  const desk = deskOf(settings, decisionPoint, servers, writeLine);
  return { desk, killSwitch: createKillSwitch({ marks: desk.marks }), approvalUrl: (id) => `${settings.url}/approvals/${id}` };
}

/** Follows whom the response to incidents blocks. */
export function killSwitchOf(table: string): KillSwitch {
  return createKillSwitch({ marks: createMarkStore(storeOf(table)) });
}

/**
 * The function behind `/grants` and `/approvals`: a gateway without servers, so that its requests are limited and recorded as
 * all others are.
 *
 * @throws when the secret cannot be read: the function must not start
 */
export async function startGrantSite(settings: GrantSiteSettings, secrets = new SecretsManagerClient(CLIENT_LIMITS)): Promise<Gateway> {
  const { publicUrl, servers, signIn, issuers } = settings;
  const secret = await readSecret(secrets, settings.keySecretArn);
  const keyFor = (purpose: string) => createHmac('sha256', secret).update(purpose).digest();
  const authenticator = authenticatorOf(settings);
  const decisionPoint = decisionPointOf(settings);
  const log = await openAuditLog(settings.auditLog);
  const desk = deskOf(settings.grants, decisionPoint, servers, log.write);
  const seal = createSeal(keyFor('approvals'));
  const provider = createOidcSignIn({ ...signIn, publicUrl, authenticator, seal });
  const { host, hostname } = new URL(publicUrl);
  return createGateway({
    publicUrl,
    servers: [],
    authenticator,
    authorizationServers: issuers.map(({ issuer }) => issuer),
    decisionPoint,
    rateLimiter: createRateLimiter(DEFAULT_RATE_LIMITS),
    audit: log.sink,
    grants: {
      desk,
      killSwitch: createKillSwitch({ marks: desk.marks }),
      approvalUrl: (id) => `${publicUrl}/approvals/${id}`,
      site: createGrantSite({ desk, publicUrl, servers, authenticator, seal, signIn: { kind: 'provider', provider } }),
    },
    sealKey: keyFor('seal'),
    digestKey: keyFor('digest'),
    allowedHosts: [...new Set([host, hostname])],
    allowedOrigins: [],
  });
}
