import { Aspects, AspectPriority, RemovalPolicy, Resource, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { overlap } from './address-plan';
import { ZoneDnsFirewall } from './dns-firewall';
import { declaredDestinations } from './egress/declared';
import type { EgressOptions } from './egress/egress-props';
import { ZoneEgress } from './egress/zone-egress';
import type { ServiceUse, ZoneEndpoint } from './endpoint';
import { ZoneService } from './endpoint-service';
import { ZoneEndpoints } from './endpoints';
import { OwnNetwork } from './network';
import type { Place, ZoneNetwork } from './network';
import type { PortRange } from './network-acl';
import { NetworkLogs } from './network-logs';
import { networkOf } from './network-of';
import { ZoneTier } from './tier';
import { Walls } from './walls';
import { ZoneWorkload } from './workload';
import type { AddZoneServerOptions, SecurityZoneProps } from './zone-props';

const HTTPS: PortRange = { from: 443, to: 443 };

/**
 * A network that a compromised MCP server cannot talk its way out of (NET-1, MUL-5, PUB-6): no route out of its subnets, a security group for
 * each server that lets nothing in and nothing out, network ACLs as a second wall, endpoints of AWS services bound to declared resources,
 * and a resolver that knows only declared names. What is allowed was declared, one by one, in code that is reviewed.
 *
 * @example
 * const zone = new SecurityZone(this, 'Zone');
 * const files = zone.addServer('files', { port: 8443 });
 * const crm = zone.addServer('crm', { port: 8443 });
 * zone.allowEgress(crm, { domains: ['api.example.com'] });
 * zone.connectServers(files, crm, 8443);
 */
export class SecurityZone extends Resource {
  /** The VPC of the zone. */
  readonly vpc: ec2.IVpc;

  /** The key that encrypts the zone's logs. */
  readonly encryptionKey: kms.IKey;

  private readonly props: SecurityZoneProps;
  private readonly network: ZoneNetwork;
  private readonly networkLogs: NetworkLogs;
  private readonly dnsFirewall: ZoneDnsFirewall;
  private readonly endpoints: ZoneEndpoints;
  private readonly workloads: ZoneWorkload[] = [];
  private readonly walls = new Walls();
  private egress?: ZoneEgress;

  constructor(scope: Construct, id: string, props: SecurityZoneProps = {}) {
    super(scope, id);
    this.props = props;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = props.encryptionKey ?? new kms.Key(this, 'Key', { description: 'Network logs of an MCP security zone', enableKeyRotation: true, removalPolicy });
    this.network = networkOf(this, props);
    this.vpc = this.network.vpc;
    this.networkLogs = new NetworkLogs(this, 'Logs', {
      vpc: this.vpc,
      encryptionKey: this.encryptionKey,
      retention: props.logRetention ?? logs.RetentionDays.ONE_YEAR,
      removalPolicy,
    });
    this.dnsFirewall = new ZoneDnsFirewall(this, 'DnsFirewall', this.vpc);
    this.endpoints = new ZoneEndpoints(this, 'Endpoints', { network: this.network, dnsFirewall: this.dnsFirewall, organizationId: props.organizationId });
    // Which subnets a workload has is known only when all its egress is declared.
    Aspects.of(this).add({ visit: (node) => (node === this ? this.walls.open() : undefined) }, { priority: AspectPriority.MUTATING });
  }

  /**
   * A place for an MCP server, or for another workload: a security group and subnets. Nothing reaches it and it reaches nothing.
   *
   * @param name lower-case letters, digits, `_` and `-`, at most 25; starts with a letter or digit
   * @param options how it is placed
   */
  addServer(name: string, options: AddZoneServerOptions = {}): ZoneWorkload {
    const workload = new ZoneWorkload(this, name, { network: this.network, tier: options.tier ?? ZoneTier.WORKLOAD, defaultPort: options.port });
    this.workloads.push(workload);
    return workload;
  }

  /**
   * Lets one workload open connections to another (MUL-5): in the security groups of both, and in the network ACLs between them.
   *
   * @param from who opens the connections
   * @param to who accepts them
   * @param port TCP port
   */
  connectServers(from: ZoneWorkload, to: ZoneWorkload, port: number): void {
    this.assertOwn(from, to);
    from.connections.allowTo(to, ec2.Port.tcp(port), `${from.workloadName} to ${to.workloadName}`);
    this.walls.connect(() => from._place(), () => to._place(), { from: port, to: port });
  }

  /**
   * Lets one workload ask another for names: DNS, over UDP and TCP. The zone's own resolver needs no such thing.
   *
   * @param from who asks
   * @param to who answers, such as nodes with the name service of a cluster
   */
  connectLookups(from: ZoneWorkload, to: ZoneWorkload): void {
    this.connectServers(from, to, 53);
    from.connections.allowTo(to, ec2.Port.udp(53), `${from.workloadName} to ${to.workloadName}, names`);
    this.walls.connect(() => from._place(), () => to._place(), { from: 53, to: 53, protocol: 'udp' });
  }

  /**
   * Lets a workload do something with an AWS service through an endpoint of the zone, which is made for the first one. The endpoint's
   * policy allows it to principals of this account or organization; the workload's role has to allow it too.
   *
   * @param workload who uses the service
   * @param service the service
   * @param use what is done with it
   */
  allowService(workload: ZoneWorkload, service: ZoneService, use: ServiceUse): void {
    this.reachEndpoint(workload, service, use).allow(use);
  }

  /**
   * Where a service is reached whose usual name does not lead to its endpoint, for `AWS_ENDPOINT_URL_DYNAMODB` and the like.
   *
   * @param service a service that some workload of the zone was allowed to use
   */
  endpointUrl(service: ZoneService): string {
    return `https://${this.endpoints.of(service).hostName}`;
  }

  /**
   * Lets a task pull its image and write its log: what AWS Fargate does in the task's own subnet before the container starts.
   *
   * @param workload the task
   * @param repositoryArn repository of the image, in this account
   * @param logGroupArn log group of the container
   */
  allowTaskStart(workload: ZoneWorkload, repositoryArn: string, logGroupArn: string): void {
    this.allowImagePull(workload, repositoryArn);
    this.allowService(workload, ZoneService.CLOUDWATCH_LOGS, { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroupArn, `${logGroupArn}:log-stream:*`] });
  }

  /**
   * Lets a workload pull images.
   *
   * @param workload who pulls
   * @param repositoryArn repository of the images
   * @param registryAccount account of the registry; this one when it is not given
   */
  allowImagePull(workload: ZoneWorkload, repositoryArn: string, registryAccount?: string): void {
    const { account, partition, region, urlSuffix } = Stack.of(this);
    this.allowService(workload, ZoneService.ECR, { actions: ['ecr:GetAuthorizationToken'], resources: ['*'] });
    this.allowService(workload, ZoneService.ECR, { actions: PULL, resources: [repositoryArn] });
    this.allowService(workload, ZoneService.ECR_DOCKER, { actions: PULL, resources: [repositoryArn], hostNames: [`${registryAccount ?? account}.dkr.ecr.${region}.${urlSuffix}`] });
    // Layers are in a bucket of Amazon ECR, whose links are signed by the service and not by the workload.
    const layers = `prod-${region}-starport-layer-bucket`;
    this.allowForeignObjects(workload, { actions: ['s3:GetObject'], resources: [`arn:${partition}:s3:::${layers}/*`], hostNames: [`${layers}.s3.${region}.${urlSuffix}`] });
  }

  /**
   * Lets a workload follow links to objects of AWS's own buckets, which a service of AWS signed with a principal of its own.
   *
   * @param workload who follows them
   * @param use what is done, to which objects of which buckets of AWS
   */
  allowForeignObjects(workload: ZoneWorkload, use: ServiceUse): void {
    this.reachEndpoint(workload, ZoneService.S3, use).allowService(use);
  }

  /**
   * Declares what a workload may reach outside of the zone (NET-1). With the first declaration the zone gets a way out at all: AWS Network
   * Firewall and NAT gateways. The workload gets subnets of its own, and nothing but its declared names, ports and protocols passes.
   *
   * @param workload who may go out
   * @param options where to
   */
  allowEgress(workload: ZoneWorkload, options: EgressOptions): void {
    this.assertOwn(workload);
    const destinations = declaredDestinations(this, workload.workloadName, options);
    workload._moveTo(this.wayOut(workload).allow(workload.workloadName, destinations));
    for (const port of [...destinations.tlsPorts, ...destinations.httpPorts]) {
      workload.connections.allowToAnyIpv4(ec2.Port.tcp(port), 'Declared egress, by way of the firewall');
    }
    this.dnsFirewall.allowOutside(...destinations.domains, ...destinations.parentDomains.flatMap((name) => [name, `*.${name}`]));
  }

  /**
   * Lets names inside of the zone be looked up, such as those of a private hosted zone.
   *
   * @param names exact names
   */
  allowNames(...names: string[]): void {
    this.dnsFirewall.allowInside(...names);
  }

  /**
   * All addresses of a part of the zone.
   *
   * @throws Error in a VPC that was given, where parts have no addresses of their own
   */
  cidrOf(tier: ZoneTier): string {
    const { wall } = this.network.place(tier);
    if (!wall) throw new Error(`the zone is in a VPC that was given, and has no addresses for ${JSON.stringify(tier)} alone: let the zone make its own VPC`);
    return wall.cidr;
  }

  /** Whether a name can be looked up in the zone. */
  knowsName(name: string): boolean {
    return this.dnsFirewall.knows(name);
  }

  /**
   * An endpoint by which clients in connected networks reach private APIs of this account, and nothing else.
   *
   * @param apiArn ARN pattern of the APIs
   * @param clientCidrs addresses of the clients
   */
  addApiEndpoint(apiArn: string, clientCidrs: string[]): ec2.IInterfaceVpcEndpoint {
    const endpoint = this.endpoints.of(EXECUTE_API);
    // Clients have tokens, not AWS credentials; who may do what, the API decides.
    endpoint.allowService({ actions: ['execute-api:Invoke'], resources: [apiArn] });
    this.letIn(endpoint.connections, () => endpoint._place(), 443, clientCidrs);
    return endpoint.endpoint;
  }

  /**
   * Lets clients in connected networks open connections to a workload.
   *
   * @param workload who accepts them
   * @param port TCP port
   * @param clientCidrs addresses of the clients
   */
  allowClients(workload: ZoneWorkload, port: number, clientCidrs: string[]): void {
    this.assertOwn(workload);
    this.letIn(workload.connections, () => workload._place(), port, clientCidrs);
  }

  /**
   * A log group of the zone that AWS services deliver their logs to.
   *
   * @param id unique among those of the zone
   */
  deliveredLogGroup(id: string): logs.ILogGroup {
    return this.networkLogs.deliveredLogGroup(id);
  }

  /**
   * Tells of a log of the network, once it is there: `Queries`, `FirewallAlerts`, `FirewallFlows`.
   *
   * @internal
   */
  _onLog(id: string, hear: (logGroup: logs.ILogGroup) => void): void {
    this.networkLogs.onLog(id, hear);
  }

  private letIn(connections: ec2.Connections, place: () => Place, port: number, clientCidrs: readonly string[]): void {
    for (const cidr of clientCidrs) {
      if (this.network instanceof OwnNetwork && overlap(cidr, this.network.plan.cidr)) {
        throw new Error(`the client addresses ${cidr} are the zone's own, expected those of a connected network`);
      }
      connections.allowFrom(ec2.Peer.ipv4(cidr), ec2.Port.tcp(port), 'Clients of the gateway');
      this.walls.admit(place, cidr, { from: port, to: port });
    }
  }

  private wayOut(workload: ZoneWorkload): ZoneEgress {
    if (!(this.network instanceof OwnNetwork)) {
      throw new Error(`the zone is in a VPC that was given, and ${JSON.stringify(workload.workloadName)} shall have egress: let the zone make its own VPC, since subnets, routes and walls of the way out are part of it`);
    }
    this.egress ??= new ZoneEgress(this, 'Egress', { ...this.props.egress, network: this.network, networkLogs: this.networkLogs, dnsFirewallRuleGroupId: this.dnsFirewall.ruleGroupId });
    return this.egress;
  }

  private reachEndpoint(workload: ZoneWorkload, service: ZoneService, { hostNames = [] }: ServiceUse): ZoneEndpoint {
    this.assertOwn(workload);
    const endpoint = this.endpoints.of(service);
    workload.connections.allowTo(endpoint, ec2.Port.HTTPS, `${workload.workloadName} to ${service.name}`);
    this.walls.connect(() => workload._place(), () => endpoint._place(), HTTPS);
    this.dnsFirewall.allowInside(...hostNames);
    workload._needs(endpoint);
    return endpoint;
  }

  private assertOwn(...workloads: readonly ZoneWorkload[]): void {
    const stranger = workloads.find((workload) => !this.workloads.includes(workload));
    if (stranger) throw new Error(`the workload ${JSON.stringify(stranger.workloadName)} is of another zone, expected one that this zone's addServer() made`);
  }
}

const EXECUTE_API = ZoneService.of('execute-api', ec2.InterfaceVpcEndpointAwsService.APIGATEWAY, []);
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
