import { NestedStack } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { McpCluster, NodeTarget } from '../cluster';
import type { ClusterNodes } from '../cluster';
import { publicAddresses } from '../cluster/public-addresses';
import { ServiceMesh } from '../cluster/manifests';
import type { EgressRule, TrafficSource } from '../cluster/manifests';
import { HBONE_PORT } from '../cluster/manifests/plan';
import { telemetryPort } from '../cluster/manifests/telemetry';
import { McpWebAcl } from '../gateway';
import type { TraceExport } from '../gateway';
import type { EgressOptions } from '../zone';
import { ZoneService, ZoneTier } from '../zone';
import type { ContainerizedMicroservicesProps } from './containerized-microservices-props';
import { layFoundation } from './zone-foundation';
import type { ZoneFoundation } from './zone-foundation';

const GATEWAY_HOST = 'gateway';
/** Port of nodes that leads to the gateway's pods on them. */
export const ENTRANCE_PORT = 30_443;
/** Where proxies of Istio get their certificates and are told what is where, and where the control plane asks istiod about new objects. */
const ISTIOD_PORT = 15_012;
const ISTIOD_WEBHOOK_PORT = 15_017;

/** What a pod of the gateway takes from one address in five minutes (`DEFAULT_RATE_LIMITS` of `lambda/limits`). */
const ADDRESS_RATE_LIMIT = 15_000;

/** A cluster in a zone of its own, with nodes for the gateway, nodes for servers, and a load balancer in front. */
export class ZonedCluster {
  readonly foundation: ZoneFoundation;
  readonly mcpCluster: McpCluster;
  /** Nodes of the gateway, and of what runs the cluster. */
  readonly gatewayNodes: ClusterNodes;
  readonly publicUrl: string;
  readonly logGroup: logs.LogGroup;
  /** In front of the load balancer. */
  readonly webAcl: McpWebAcl;

  private readonly meshKind: ServiceMesh['_kind'];
  private readonly scope: Construct;
  private readonly props: ContainerizedMicroservicesProps;
  private shared?: ClusterNodes;

  constructor(scope: Construct, props: ContainerizedMicroservicesProps, gatewayNamespace: string, gatewayContainer: string) {
    const { domainName, certificate } = props;
    if (domainName === undefined || certificate === undefined) throw new Error('domainName or certificate is missing: clients reach the gateway at gateway.<domainName>, unless givenCluster says where');
    this.scope = scope;
    this.props = props;
    const logRetention = props.logRetention ?? logs.RetentionDays.ONE_YEAR;
    this.foundation = layFoundation(scope, { ...props, cidr: props.cidr ?? '10.80.0.0/16', domainName, certificate, logRetention });
    const { zone } = this.foundation;
    const { version, kubectlLayer, administrators, administratorCidrs, runtimeMonitoring, addonRegistryAccount, removalPolicy } = props;
    this.mcpCluster = new McpCluster(scope, 'Cluster', { version, kubectlLayer, administrators, administratorCidrs, runtimeMonitoring, addonRegistryAccount, removalPolicy, zone, logRetention });
    this.gatewayNodes = this.mcpCluster.addNodes('gateway', props.gatewayNodes);
    if (props.gatewayEgress) zone.allowEgress(this.gatewayNodes.workload, props.gatewayEgress);
    this.publicUrl = `https://${GATEWAY_HOST}.${domainName}`;
    this.logGroup = this.mcpCluster.linesOf(gatewayNamespace, gatewayContainer);
    this.meshKind = (props.mesh ?? ServiceMesh.istioAmbient())._kind;
    if (this.meshKind !== 'none') {
      this.mcpCluster.connectNodes(this.gatewayNodes, this.gatewayNodes, ISTIOD_PORT);
      this.mcpCluster.letCallWebhook(ISTIOD_WEBHOOK_PORT);
    }
    this.letClientsIn();
    this.webAcl = this.guardEntrance(logRetention);
  }

  /** The nodes of a server: its own where it has egress or asks for them, those of all others otherwise. */
  nodesOf(name: string, egress?: EgressOptions, own?: ContainerizedMicroservicesProps['serverNodes']): ClusterNodes {
    if (!egress && !own) return (this.shared ??= this.mcpCluster.addNodes('servers', this.props.serverNodes));
    const nodes = this.mcpCluster.addNodes(name, own);
    if (egress) this.foundation.zone.allowEgress(nodes.workload, egress);
    return nodes;
  }

  /** Lets the gateway's pods connect to a server's. In an ambient mesh every connection arrives on the mesh's own port. */
  connect(nodes: ClusterNodes, serverPort: number): void {
    this.mcpCluster.connectNodes(this.gatewayNodes, nodes, this.arrivalPort(serverPort));
    if (this.meshKind !== 'none') this.mcpCluster.connectNodes(nodes, this.gatewayNodes, ISTIOD_PORT);
  }

  /** Lets the gateway's pods reach what takes their spans: AWS X-Ray by an endpoint, a collector among what runs the cluster. Any other is for `gatewayEgress`. */
  letSendTraces(traceExport: TraceExport): void {
    const actions = traceExport._actions();
    const { _pods: pods } = traceExport;
    if (actions.length > 0) this.foundation.zone.allowService(this.gatewayNodes.workload, ZoneService.XRAY, { actions, resources: ['*'] });
    if (pods) this.mcpCluster.connectNodes(this.gatewayNodes, this.gatewayNodes, this.arrivalPort(telemetryPort(pods)));
  }

  /** Leads requests about just-in-time grants to their function, which is at the gateway's own name and outside of the zone. */
  leadToGrants(site: lambda.Function): void {
    this.foundation.balancer.addFunction('grants', { host: GATEWAY_HOST, paths: ['/grants*', '/approvals*', '/.well-known/oauth-protected-resource/grants'], function: site });
  }

  /** Who may connect to the gateway's pods: the load balancer. */
  get gatewaySources(): TrafficSource[] {
    return [{ cidr: this.foundation.zone.cidrOf(ZoneTier.FRONT) }];
  }

  /** Where the gateway's pods may connect to: endpoints of AWS services, and what was declared. */
  get gatewayEgress(): EgressRule[] {
    const endpoints = { cidrs: [this.foundation.zone.cidrOf(ZoneTier.ENDPOINT)] };
    return [endpoints, ...egressRules(this.props.gatewayEgress)];
  }

  private arrivalPort(own: number): number {
    return this.meshKind === 'ambient' ? HBONE_PORT : own;
  }

  /** In a stack of its own, as its template holds so much already. */
  private guardEntrance(logRetention: logs.RetentionDays): McpWebAcl {
    const { accessGrants, addressRateLimit = ADDRESS_RATE_LIMIT, removalPolicy } = this.props;
    const stack = new NestedStack(this.scope, 'Front', { description: 'AWS WAF in front of an MCP gateway' });
    const webAcl = new McpWebAcl(stack, 'WebAcl', { loadBalancer: true, accessGrants: accessGrants !== undefined, addressRateLimit, encryptionKey: this.foundation.encryptionKey, logRetention, removalPolicy });
    this.foundation.balancer.addWebAcl(webAcl.webAclArn);
    return webAcl;
  }

  private letClientsIn(): void {
    const { zone, balancer } = this.foundation;
    zone.allowClients(balancer.workload, 443, this.props.clientCidrs ?? []);
    balancer.addTarget(GATEWAY_HOST, {
      workload: this.gatewayNodes.workload,
      target: new NodeTarget(this.scope, 'Entrance', this.gatewayNodes),
      targetType: elbv2.TargetType.INSTANCE,
      port: ENTRANCE_PORT,
      protocol: elbv2.ApplicationProtocol.HTTPS,
      healthCheckPath: '/readyz',
      healthyCodes: '200',
    });
  }
}

/** What pods with declared egress may open connections to: the ports, anywhere outside. Which names are there, the zone's firewall looks at. */
export function egressRules(egress?: EgressOptions): EgressRule[] {
  if (!egress) return [];
  const ports = [...(egress.ports ?? (egress.unsafePlainHttpPorts ? [] : [443])), ...(egress.unsafePlainHttpPorts ?? [])];
  return [{ cidrs: publicAddresses(), ports }];
}
