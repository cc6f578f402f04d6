import { createHmac } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { teeSinks } from '../audit';
import { createDetectorScan } from '../discovery/scan';
import { createGateway, type Gateway } from '../gateway';
import { createDynamoDbReplayStore } from '../identity/dpop/aws-replay-store';
import { createRateLimiter, DEFAULT_RATE_LIMITS } from '../limits';
import type { Tracer } from '../telemetry';
import { openAuditLog } from './aws-audit-log';
import { watchBehaviour } from './aws-behaviour';
import { CLIENT_LIMITS } from './aws-client-limits';
import { authenticatorOf, decisionPointOf } from './aws-decision-point';
import { gatewayGrants, killSwitchOf } from './aws-grants';
import { startDataGuard } from './aws-guard';
import { createGuardReporter } from './aws-guard-events';
import { startFunctionView } from './aws-registry';
import { readSecret, serverOptions } from './aws-servers';
import type { ProxySettings, ServerSettings } from './settings';

/** A gateway whose process is frozen between requests. */
export interface ProxyGateway extends Gateway {
  /** To be awaited after a response was written, before the function is frozen: signs the audit events, records what was seen of tools. */
  settle(): Promise<void>;
}

/**
 * The gateway of a deployed proxy function. Its rate limits count what one instance sees; what holds for all instances
 * together is AWS WAF's rate rule and API Gateway's throttling (GW-3).
 *
 * @param tracer Its spans are sent by whoever made it, after `settle`. @default - nobody follows requests
 * @throws when a secret cannot be read or is not what it should be: the function must not start
 */
export async function startProxyGateway(settings: ProxySettings, secrets = new SecretsManagerClient(CLIENT_LIMITS), tracer?: Tracer): Promise<ProxyGateway> {
  const secret = await readSecret(secrets, settings.keySecretArn);
  if (secret.length < 32) throw new Error('the key secret must have at least 32 characters');
  const keyFor = (purpose: string) => createHmac('sha256', secret).update(purpose).digest();
  const { hostname, host, origin } = new URL(settings.publicUrl);
  const registry = settings.registry && (await startFunctionView(settings.registry, createDetectorScan(() => ({ servers: [] }))));
  const decisionPoint = decisionPointOf(settings);
  const log = await openAuditLog(settings.auditLog);
  const behaviour = watchBehaviour(settings.behaviourMetrics, log.write);
  const reporter = settings.servers.some(({ dataGuard }) => dataGuard !== undefined) ? createGuardReporter() : undefined;
  const guardFor = ({ name, dataGuard }: ServerSettings) =>
    dataGuard && startDataGuard(name, dataGuard, { tokenKey: keyFor('guard'), onReport: (report) => reporter?.report(report, dataGuard.eventBus) });
  const gateway = createGateway({
    publicUrl: settings.publicUrl,
    servers: await Promise.all(settings.servers.map(async (server) => ({ ...(await serverOptions(secrets, server)), guard: await guardFor(server), senderConstraint: settings.senderConstraints.get(server.name) }))),
    authenticator: authenticatorOf(settings, settings.proofTable === undefined ? undefined : createDynamoDbReplayStore(new DynamoDBClient(CLIENT_LIMITS), settings.proofTable)),
    authorizationServers: settings.issuers.map(({ issuer }) => issuer),
    scopes: settings.scopes,
    decisionPoint,
    grants: settings.grants && gatewayGrants(settings.grants, decisionPoint, settings.servers.map(({ name }) => name), log.write),
    killSwitch: settings.blockTable === undefined ? undefined : killSwitchOf(settings.blockTable),
    rateLimiter: createRateLimiter(DEFAULT_RATE_LIMITS),
    audit: behaviour === undefined ? log.sink : teeSinks(log.sink, behaviour.sink),
    behaviour,
    registry: registry?.view,
    tracer,
    sealKey: keyFor('seal'),
    sessionsOutlive: true,
    digestKey: keyFor('digest'),
    allowedHosts: [...new Set([host, hostname])],
    allowedOrigins: [origin, ...settings.allowedOrigins],
    limits: { maxBodyBytes: settings.maxBodyBytes },
  });
  const settle = async () => {
    log.settle();
    await reporter?.flush();
  };
  const close = async () => {
    await gateway.close();
    log.close();
  };
  if (registry === undefined) return { ...gateway, settle, close };
  return {
    async fetch(request, peer) {
      await registry.freshen();
      return gateway.fetch(request, peer);
    },
    async settle() {
      await Promise.all([registry.record(), settle()]);
    },
    async close() {
      registry.view.close();
      await close();
    },
  };
}
