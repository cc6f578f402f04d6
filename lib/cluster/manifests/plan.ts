import { checkEgress, checkSource } from './addresses';
import { assertDigest, checkEnvironment, checkPaths, checkScaling, checkSecrets } from './checks';
import { MandatoryAccessControl, type ClusterManifestsProps } from './props';
import type { GatewayWorkload, ServerWorkload, ContainerResources, WorkloadScaling, WorkloadSecret } from './workload-props';
import { Sandbox } from './sandbox';
import { ServiceMesh } from './service-mesh';
import { checkTelemetry } from './telemetry';

/** Label of everything that is written here, and what it is. */
export const ROLE_LABEL = 'mcp-zero-trust/role';
/** Label of pods, by which policies select them. */
export const NAME_LABEL = 'app.kubernetes.io/name';
/** Label that Kubernetes itself puts on every namespace. Nobody can put it on another. */
export const NAMESPACE_LABEL = 'kubernetes.io/metadata.name';

export const GATEWAY_NAME = 'gateway';
export const GATEWAY_PORT = 8443;
/** Name of the service by which a load balancer reaches the gateway through the nodes. */
export const ENTRANCE_NAME = 'entrance';
/** Name of the file with the gateway's key. */
export const GATEWAY_KEY = 'key';
/** Port of the container that asks a server whether it answers MCP. */
export const PROBE_PORT = 8081;
/** Port of HBONE: every connection between pods of an ambient mesh. */
export const HBONE_PORT = 15_008;
/** What runs by itself and is asked by nobody: a quarter of a processor more would be wasted on it. */
export const PROBE_RESOURCES: Required<ContainerResources> = { cpuMillis: 20, memoryMiB: 96, storageMiB: 16 };

/** What both kinds of workload have, with everything that was left open decided. */
interface Planned {
  readonly namespace: string;
  /** Name of Deployment, Service and ServiceAccount. */
  readonly name: string;
  readonly port: number;
  readonly user: number;
  readonly resources: Required<ContainerResources>;
  readonly scaling: Required<WorkloadScaling>;
}

export interface PlannedServer extends Planned {
  readonly props: ServerWorkload;
  readonly path: string;
  /** What the gateway is told. */
  readonly url: string;
  readonly sandbox?: Sandbox;
}

export interface PlannedGateway extends Planned {
  readonly props: GatewayWorkload;
}

/** The whole cluster, checked. */
export interface Plan {
  readonly props: ClusterManifestsProps;
  readonly gateway: PlannedGateway;
  readonly servers: readonly PlannedServer[];
  readonly mesh: ServiceMesh;
  readonly accessControl: MandatoryAccessControl;
  readonly prefix: string;
}

export type PlannedWorkload = PlannedServer | PlannedGateway;

export const isServer = (workload: PlannedWorkload): workload is PlannedServer => 'url' in workload;

/** The namespace that a server's manifests are in. */
export function serverNamespace(serverName: string, namespacePrefix = 'mcp-'): string {
  return `${namespacePrefix}${serverName}`;
}

/** The namespace that the gateway's manifests are in. */
export function gatewayNamespace(namespacePrefix = 'mcp-'): string {
  return `${namespacePrefix}${GATEWAY_NAME}`;
}

/** @throws Error in one sentence: which workload, what is wrong, what was expected */
export function planOf(props: ClusterManifestsProps): Plan {
  const prefix = props.namespacePrefix ?? 'mcp-';
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(prefix)) throw new Error(`the prefix of namespaces is ${JSON.stringify(prefix)}, expected lower-case letters, digits and -, at most 20, beginning with a letter`);
  if (props.responders !== undefined && (!/^[A-Za-z0-9][A-Za-z0-9:._-]{0,62}$/.test(props.responders) || props.responders.startsWith('system:'))) throw new Error(`the group of responders is ${JSON.stringify(props.responders)}, expected letters, digits, :, ., _ and -, and none of the system's`);
  const mesh = props.mesh ?? ServiceMesh.istioAmbient();
  const names = props.servers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`there are two servers with the name ${JSON.stringify(twice)}`);
  return {
    props,
    prefix,
    mesh,
    accessControl: props.accessControl ?? MandatoryAccessControl.APP_ARMOR,
    gateway: planGateway(props, prefix),
    servers: props.servers.map((server) => planServer(server, props, prefix, mesh)),
  };
}

function planGateway({ gateway: given, servers, secretStore, domainPolicies }: ClusterManifestsProps, prefix: string): PlannedGateway {
  const what = 'the gateway';
  const gateway = { ...given, secrets: [...(given.secrets ?? []), ...secretsOfItsOwn(given, servers)] };
  assertDigest(what, gateway.image);
  checkSecrets(what, gateway, secretStore);
  checkEnvironment(what, gateway);
  checkEgress(what, gateway.egress, domainPolicies !== undefined);
  checkTelemetry(gateway.telemetry, gateway.environment);
  if (gateway.sources.length === 0) throw new Error('the gateway has no sources, expected at least one namespace or CIDR of its clients');
  gateway.sources.forEach((source) => checkSource(what, source));
  const { nodePort = 30_000 } = gateway;
  if (!Number.isInteger(nodePort) || nodePort < 30_000 || nodePort > 32_767) throw new Error(`the nodePort of the gateway is ${nodePort}, expected 30000 to 32767`);
  return {
    props: gateway,
    namespace: gatewayNamespace(prefix),
    name: GATEWAY_NAME,
    port: GATEWAY_PORT,
    user: 65_532,
    resources: resourcesOf(what, gateway.resources, { cpuMillis: 1000, memoryMiB: 1024, storageMiB: 128 }),
    scaling: checkScaling(what, gateway.scaling),
  };
}

function resourcesOf(what: string, { cpuMillis, memoryMiB, storageMiB }: ContainerResources = {}, absent: Required<ContainerResources>): Required<ContainerResources> {
  const resources = { cpuMillis: cpuMillis ?? absent.cpuMillis, memoryMiB: memoryMiB ?? absent.memoryMiB, storageMiB: storageMiB ?? absent.storageMiB };
  const wrong = Object.entries(resources).find(([, amount]) => !Number.isInteger(amount) || amount < 1);
  if (wrong !== undefined) throw new Error(`the ${wrong[0]} of ${what} is ${wrong[1]}, expected a whole number above 0`);
  return resources;
}

/** The gateway's key, and its credentials for servers. */
function secretsOfItsOwn({ keySecret }: GatewayWorkload, servers: readonly ServerWorkload[]): WorkloadSecret[] {
  const key = keySecret === undefined ? [] : [{ name: GATEWAY_KEY, reference: keySecret }];
  return [...key, ...servers.flatMap(({ name, headersSecret }) => (headersSecret === undefined ? [] : [{ name: headersSecretName(name), reference: headersSecret }]))];
}

/** Name of the file with the gateway's credential for a server. */
export function headersSecretName(serverName: string): string {
  return `headers-${serverName}`;
}

function planServer(server: ServerWorkload, props: ClusterManifestsProps, prefix: string, mesh: ServiceMesh): PlannedServer {
  const { name, port = 8080, path = '/mcp', user = 65_532, executesCode, writablePaths = [] } = server;
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) throw new Error(`the name of a server is ${JSON.stringify(name)}, expected lower-case letters, digits and -, at most 40, beginning and ending with a letter or digit`);
  if (name === GATEWAY_NAME) throw new Error(`a server cannot have the name ${JSON.stringify(name)}: the gateway has it`);
  const what = `the server ${JSON.stringify(name)}`;
  assertDigest(what, server.image);
  checkSecrets(what, server, props.secretStore);
  checkEnvironment(what, server);
  checkEgress(what, server.egress, props.domainPolicies !== undefined);
  checkPaths(what, path, writablePaths);
  if (!Number.isInteger(port) || port < 1024 || port > 65_535 || port === PROBE_PORT) throw new Error(`the port of ${what} is ${port}, expected 1024 to 65535 except ${PROBE_PORT}`);
  if (!Number.isInteger(user) || user < 1) throw new Error(`the user of ${what} is ${user}, expected a number other than root (0)`);
  const namespace = serverNamespace(name, prefix);
  const origin = `${mesh._kind === 'none' ? 'https' : 'http'}://${name}.${namespace}.svc.${props.clusterDomain ?? 'cluster.local'}:${port}`;
  const written = writablePaths.reduce((sum, { sizeMiB = 64 }) => sum + sizeMiB, 0);
  return {
    props: server,
    namespace,
    name,
    port,
    path,
    user,
    url: `${origin}${path}`,
    sandbox: server.sandbox ?? (executesCode ? Sandbox.GVISOR : undefined),
    resources: resourcesOf(what, server.resources, { cpuMillis: 250, memoryMiB: 256, storageMiB: 128 + written }),
    scaling: checkScaling(what, server.scaling),
  };
}

