import { createHash } from 'node:crypto';
import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-33';
import { ENTRANCE_NAME, GATEWAY_KEY, GATEWAY_PORT, headersSecretName, type Plan, type PlannedGateway, type PlannedServer } from './plan';
import { HARDENED_CONTAINER, SECRETS_FOLDER, labelsOf, probe, requirementsOf, selectorOf } from './pod';
import { secretEnvironment, secretMounts, secretVolumes } from './secrets';
import { telemetrySettings } from './telemetry';
import { addWorkload } from './workload';

/** What the gateway's container has to be told, and nothing here can know. */
const REQUIRED = ['MCP_ISSUERS', 'MCP_POLICY_STORE_ID'];
const KEY = 'MCP_KEY_SECRET_ARN';
/** What follows from the rest of the manifests. */
const DERIVED = ['MCP_PUBLIC_URL', 'MCP_SERVERS', 'MCP_PORT', 'MCP_TRANSPORT', 'MCP_PROXIES', 'MCP_LEAVE_SECONDS', 'MCP_DRAIN_SECONDS', 'NODE_EXTRA_CA_CERTS'];
const DEFAULTS = { MCP_DECISION_MODE: 'in-process', MCP_POLICY_REFRESH_SECONDS: '30', MCP_MAX_BODY_BYTES: `${64 * 1024}` };

/** How long a pod that ends serves on while it is taken out of its Service, and how long what is open then may take. Seconds. */
const LEAVE_SECONDS = 10;
const DRAIN_SECONDS = 45;
const AUTHORITY_FOLDER = '/etc/mcp-zero-trust';

/**
 * The gateway: the image of this package's `Dockerfile`, told by a ConfigMap. The key that sessions are sealed with is a file of the secret store, or read
 * from AWS Secrets Manager by the process itself.
 *
 * Control: MUL-3.
 */
export function addGateway(chart: Chart, plan: Plan): void {
  const { gateway, mesh } = plan;
  const { namespace, name, props } = gateway;
  const metadata: k8s.ObjectMeta = { name, namespace, labels: labelsOf(gateway) };
  const settings = settingsOf(plan);
  const authority = mesh._serverAuthority;
  new k8s.KubeConfigMap(chart, 'settings', { metadata, data: settings });
  if (authority !== undefined) new k8s.KubeConfigMap(chart, 'authority', { metadata: { ...metadata, name: 'server-authority' }, data: { 'authority.pem': authority } });
  addEntrance(chart, gateway);
  addWorkload(chart, plan, gateway, {
    // A pod that reads other settings is another pod: a change of the ConfigMap rolls the Deployment.
    annotations: { 'mcp-zero-trust/settings': createHash('sha256').update(JSON.stringify([settings, authority])).digest('hex') },
    terminationGracePeriodSeconds: LEAVE_SECONDS + DRAIN_SECONDS + 15,
    containers: [
      {
        name,
        image: props.image,
        envFrom: [{ configMapRef: { name } }],
        env: secretEnvironment(gateway),
        ports: [{ name: 'mcp', containerPort: GATEWAY_PORT }],
        startupProbe: probe('/readyz', GATEWAY_PORT, { periodSeconds: 2, failureThreshold: 30 }, 'HTTPS'),
        readinessProbe: probe('/readyz', GATEWAY_PORT, { periodSeconds: 5, failureThreshold: 2 }, 'HTTPS'),
        livenessProbe: probe('/healthz', GATEWAY_PORT, { periodSeconds: 10, failureThreshold: 6 }, 'HTTPS'),
        resources: requirementsOf(gateway.resources),
        securityContext: HARDENED_CONTAINER,
        volumeMounts: [...(authority === undefined ? [] : [{ name: 'authority', mountPath: AUTHORITY_FOLDER, readOnly: true }]), ...secretMounts(gateway)],
        terminationMessagePolicy: 'FallbackToLogsOnError',
      },
    ],
    volumes: [...(authority === undefined ? [] : [{ name: 'authority', configMap: { name: 'server-authority' } }]), ...secretVolumes(plan, gateway)],
  });
}

/** The one service that is reached from outside of the cluster. */
function addEntrance(chart: Chart, gateway: PlannedGateway): void {
  const { nodePort } = gateway.props;
  if (nodePort === undefined) return;
  new k8s.KubeService(chart, 'entrance', {
    metadata: { name: ENTRANCE_NAME, namespace: gateway.namespace, labels: labelsOf(gateway) },
    spec: {
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      selector: selectorOf(gateway),
      ports: [{ name: 'mcp', port: 443, targetPort: k8s.IntOrString.fromNumber(GATEWAY_PORT), nodePort, protocol: 'TCP', appProtocol: 'https' }],
    },
  });
}

/** Everything that the process reads; see `lambda/container/settings.ts`. */
function settingsOf(plan: Plan): { [name: string]: string } {
  const { props } = plan.gateway;
  const given = props.environment ?? {};
  const missing = [...REQUIRED, ...(props.keySecret === undefined ? [KEY] : [])].find((name) => given[name] === undefined || given[name] === '');
  if (missing !== undefined) throw new Error(`the environment of the gateway lacks ${missing}${missing === KEY ? ', and there is no keySecret either' : ''}`);
  const derived = [...DERIVED, ...(props.keySecret === undefined ? [] : [KEY])].find((name) => name in given);
  if (derived !== undefined) throw new Error(`the environment of the gateway has ${derived}, which follows from the other settings`);
  return {
    ...DEFAULTS,
    ...telemetrySettings(plan),
    ...given,
    ...(props.keySecret === undefined ? {} : { [KEY]: secretUrl(GATEWAY_KEY) }),
    MCP_PUBLIC_URL: props.publicUrl,
    MCP_SERVERS: JSON.stringify(plan.servers.map((server) => serverEntry(plan, server))),
    MCP_PORT: `${GATEWAY_PORT}`,
    MCP_TRANSPORT: 'tls',
    MCP_PROXIES: `${props.proxies ?? 1}`,
    MCP_LEAVE_SECONDS: `${LEAVE_SECONDS}`,
    MCP_DRAIN_SECONDS: `${DRAIN_SECONDS}`,
    ...(plan.mesh._serverAuthority === undefined ? {} : { NODE_EXTRA_CA_CERTS: `${AUTHORITY_FOLDER}/authority.pem` }),
  };
}

/** In a mesh the process speaks plain HTTP, and what leaves its pod is encrypted. */
function serverEntry({ mesh }: Plan, { name, url, props }: PlannedServer): { readonly [name: string]: unknown } {
  const headers = props.headersSecret === undefined ? {} : { headersSecretArn: secretUrl(headersSecretName(name)) };
  return { ...props.gatewaySettings, name, url, ...headers, ...(mesh._kind === 'none' ? {} : { unsafeAllowPlainHttp: true }) };
}

/** How the process is told that a secret is a file. */
function secretUrl(name: string): string {
  return `file://${SECRETS_FOLDER}/${name}`;
}
