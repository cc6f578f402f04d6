/** The reference stacks: one for each deployment model, chosen by `-c model=`. */
import type { App } from 'aws-cdk-lib';
import { ClusterModel } from './cluster';
import { GatewayModel } from './gateway';
import { ZoneModel } from './zone';

const MODELS: Readonly<Record<string, (app: App) => void>> = {
  gateway: (app) => void new GatewayModel(app, 'McpGatewayModel', settingsOf(app)),
  zone: (app) => void new ZoneModel(app, 'McpZoneModel', { ...settingsOf(app), ...zoneSettingsOf(app) }),
  cluster: (app) => void new ClusterModel(app, 'McpClusterModel', { ...settingsOf(app), ...zoneSettingsOf(app), ...clusterSettingsOf(app) }),
};

/**
 * Adds the stack of the model that the app's context names, `gateway` when it names none.
 *
 * @throws Error in one sentence when there is no such model.
 */
export function addModel(app: App): void {
  const name: unknown = app.node.tryGetContext('model') ?? 'gateway';
  const add = typeof name === 'string' && Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
  if (add) return add(app);
  const known = Object.keys(MODELS).map((model) => `-c model=${model}`).join(' or ');
  throw new Error(`there is no model ${JSON.stringify(name)}, expected ${known}`);
}

function settingsOf(app: App) {
  const context = (key: string, absent: string): string => app.node.tryGetContext(key) ?? absent;
  const issuer = context('issuer', 'https://login.example.com');
  return {
    issuer,
    jwksUri: context('jwksUri', `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`),
    approvalClientId: context('approvalClientId', 'mcp-approvals'),
    upstreamDomain: context('upstreamDomain', 'mcp.example.com'),
  };
}

/** A public key of nobody, so that the model can be looked at without one. */
const EXAMPLE_KEYS = JSON.stringify({
  keys: [{ kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256', kid: 'example', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' }],
});

/** What the models in a zone are told besides: `-c egress=none`, or names that one of its servers may reach, separated by commas. */
function zoneSettingsOf(app: App) {
  const context = (key: string, absent: string): string => app.node.tryGetContext(key) ?? absent;
  const egress = context('egress', 'api.example.com');
  return {
    domainName: context('domainName', 'mcp.internal.example.com'),
    certificateArn: context('certificateArn', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
    clientCidr: context('clientCidr', '10.20.0.0/16'),
    guardDutyAgentImage: app.node.tryGetContext('guardDutyAgent') as string | undefined,
    tlsInspectionAuthorityArn: app.node.tryGetContext('tlsInspectionAuthority') as string | undefined,
    egressDomains: egress === 'none' ? [] : egress.split(','),
    jwks: context('jwks', EXAMPLE_KEYS),
    imageDigest: context('imageDigest', `sha256:${'0'.repeat(64)}`),
  };
}

/** What the cluster model is told besides. */
function clusterSettingsOf(app: App) {
  return {
    administratorRole: (app.node.tryGetContext('administratorRole') as string | undefined) ?? 'KubernetesAdministrator',
    kubectlLayerArn: app.node.tryGetContext('kubectlLayer') as string | undefined,
  };
}
