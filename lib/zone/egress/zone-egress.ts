import { Fn, Lazy, Names, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as networkfirewall from 'aws-cdk-lib/aws-networkfirewall';
import { Construct } from 'constructs';
import { acknowledge } from '../../private/acknowledge';
import { ZoneNetworkAcl } from '../network-acl';
import type { OwnNetwork, Place } from '../network';
import type { NetworkLogs } from '../network-logs';
import type { ZoneEgressProps } from './egress-props';
import { MAX_CAPACITY, suricataRules } from './suricata-rules';
import type { EgressAllowance, EgressDestinations } from './suricata-rules';

export interface ZoneEgressSettings extends ZoneEgressProps {
  readonly network: OwnNetwork;
  readonly networkLogs: NetworkLogs;
  /** The DNS firewall whose answers say which addresses may be connected to. */
  readonly dnsFirewallRuleGroupId: string;
}

/** A workload's own subnets, and what may be reached from them. */
interface DedicatedPlace {
  readonly place: Place;
  readonly cidr: string;
  readonly destinations: EgressDestinations[];
}

/** One availability zone of the way out: a NAT gateway behind a firewall. */
interface WayOut {
  readonly natSubnet: ec2.PublicSubnet;
  readonly firewallEndpointId: string;
}

/** What no rule decided on: dropped and reported, once the engine knows enough of the connection that it could have decided. */
const DEFAULT_ACTIONS = ['aws:drop_established_app_layer_to_server', 'aws:alert_established_app_layer_to_server'];

/**
 * The only way out of a zone, which exists only once it was declared: workload → firewall → NAT gateway → internet gateway, and back
 * the same way, in each availability zone by itself (NET-1, PUB-6, PUB-7). Each workload with egress has subnets of its own, by
 * whose addresses the firewall knows it; every other subnet of the zone keeps having no route out.
 */
export class ZoneEgress extends Construct {
  private readonly network: OwnNetwork;
  private readonly ways: readonly WayOut[];
  private readonly dedicated = new Map<string, DedicatedPlace>();
  private readonly firewallAcl: ZoneNetworkAcl;
  private readonly natAcl: ZoneNetworkAcl;

  constructor(scope: Construct, id: string, props: ZoneEgressSettings) {
    super(scope, id);
    const { network, networkLogs } = props;
    this.network = network;
    const gateway = this.internetGateway();
    const policy = this.firewallPolicy(props);
    const alerts = networkLogs.deliveredLogGroup('FirewallAlerts').logGroupName;
    const flows = networkLogs.deliveredLogGroup('FirewallFlows').logGroupName;
    const firewallSubnets: ec2.ISubnet[] = [];
    this.ways = network.availabilityZones.map((availabilityZone, zone) => {
      const where = { vpcId: network.vpc.vpcId, availabilityZone, mapPublicIpOnLaunch: false };
      const natSubnet = new ec2.PublicSubnet(this, `NatSubnet${zone + 1}`, { ...where, cidrBlock: network.plan.subnet('nat', zone) });
      natSubnet.addDefaultInternetRoute(gateway.internetGatewayId, gateway.attachment);
      acknowledge(natSubnet, { 'NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW': 'only a NAT gateway is in this subnet, and only what a firewall passed comes to it' });
      const nat = natSubnet.addNatGateway();
      nat.node.addDependency(gateway.attachment);
      const firewallSubnet = new ec2.PrivateSubnet(this, `FirewallSubnet${zone + 1}`, { ...where, cidrBlock: network.plan.subnet('firewall', zone) });
      firewallSubnet.addRoute('Default', { routerType: ec2.RouterType.NAT_GATEWAY, routerId: nat.attrNatGatewayId, enablesInternetConnectivity: true });
      firewallSubnets.push(firewallSubnet);
      return { natSubnet, firewallEndpointId: this.firewall(zone, firewallSubnet, policy, { ALERT: alerts, FLOW: flows }) };
    });
    this.firewallAcl = new ZoneNetworkAcl(this, 'FirewallAcl', network.vpc, firewallSubnets);
    this.natAcl = new ZoneNetworkAcl(this, 'NatAcl', network.vpc, this.ways.map(({ natSubnet }) => natSubnet));
    this.node.addValidation({ validate: () => this.problems(props.ruleCapacity) });
  }

  /** Lets the workload of this name reach these names; the first time, makes the subnets that it has to move to. */
  allow(workload: string, destinations: EgressDestinations): Place {
    const dedicated = this.dedicated.get(workload) ?? this.addPlace(workload);
    dedicated.destinations.push(destinations);
    for (const port of [...destinations.tlsPorts, ...destinations.httpPorts]) this.openWalls(dedicated, port);
    return dedicated.place;
  }

  private addPlace(workload: string): DedicatedPlace {
    const { plan, vpc, availabilityZones } = this.network;
    const index = this.dedicated.size;
    const cidr = plan.dedicated(index);
    const scope = new Construct(this, workload);
    const subnets = availabilityZones.map((availabilityZone, zone) => {
      const cidrBlock = plan.dedicatedSubnet(index, zone);
      const subnet = new ec2.PrivateSubnet(scope, `Subnet${zone + 1}`, { vpcId: vpc.vpcId, availabilityZone, cidrBlock, mapPublicIpOnLaunch: false });
      const { natSubnet, firewallEndpointId: routerId } = this.ways[zone]!;
      subnet.addRoute('Default', { routerType: ec2.RouterType.VPC_ENDPOINT, routerId, enablesInternetConnectivity: true });
      natSubnet.addRoute(`Return-${workload}`, { routerType: ec2.RouterType.VPC_ENDPOINT, routerId, destinationCidrBlock: cidrBlock });
      return subnet;
    });
    const place = { subnets, wall: { cidr, acl: new ZoneNetworkAcl(scope, 'Acl', vpc, subnets) } };
    const dedicated = { place, cidr, destinations: [] };
    this.dedicated.set(workload, dedicated);
    return dedicated;
  }

  /** Each wall on the way sees the packets and the answers of a connection with the addresses that they have there. */
  private openWalls({ place, cidr }: DedicatedPlace, port: number): void {
    const zone = this.network.plan.cidr;
    const ports = { from: port, to: port };
    place.wall?.acl.allowBeyond(zone, ports);
    for (const acl of [this.firewallAcl, this.natAcl]) {
      acl.allowFrom(cidr, ports);
      acl.allowBeyond(zone, ports);
    }
  }

  private internetGateway(): { internetGatewayId: string; attachment: ec2.CfnVPCGatewayAttachment } {
    const { attrInternetGatewayId: internetGatewayId } = new ec2.CfnInternetGateway(this, 'InternetGateway');
    const attachment = new ec2.CfnVPCGatewayAttachment(this, 'InternetGatewayAttachment', { vpcId: this.network.vpc.vpcId, internetGatewayId });
    return { internetGatewayId, attachment };
  }

  /**
   * A firewall with one endpoint: an attribute of a firewall with several lists them in no particular order, and which is in which availability
   * zone would be left to chance. The price is by endpoint.
   *
   * @returns the id of its endpoint
   */
  private firewall(zone: number, subnet: ec2.ISubnet, policy: networkfirewall.CfnFirewallPolicy, logGroups: Readonly<Record<string, string>>): string {
    const firewall = new networkfirewall.CfnFirewall(this, `Firewall${zone + 1}`, {
      firewallName: this.uniqueName(`Firewall${zone + 1}`),
      firewallPolicyArn: policy.attrFirewallPolicyArn,
      vpcId: this.network.vpc.vpcId,
      subnetMappings: [{ subnetId: subnet.subnetId, ipAddressType: 'IPV4' }],
      deleteProtection: true,
      subnetChangeProtection: true,
      description: 'The only way out of an MCP security zone',
    });
    new networkfirewall.CfnLoggingConfiguration(this, `FirewallLogging${zone + 1}`, {
      firewallArn: firewall.attrFirewallArn,
      loggingConfiguration: {
        logDestinationConfigs: Object.entries(logGroups).map(([logType, logGroup]) => ({ logType, logDestinationType: 'CloudWatchLogs', logDestination: { logGroup } })),
      },
    });
    return Fn.select(1, Fn.split(':', Fn.select(0, firewall.attrEndpointIds)));
  }

  private firewallPolicy(props: ZoneEgressSettings): networkfirewall.CfnFirewallPolicy {
    const { partition, region } = Stack.of(this);
    const capacity = props.ruleCapacity ?? 1000;
    const rules = new networkfirewall.CfnRuleGroup(this, 'Rules', {
      // Part of the name, because a group with another capacity replaces this one.
      ruleGroupName: this.uniqueName(`Rules-${capacity}`),
      type: 'STATEFUL',
      capacity,
      description: 'Declared egress of MCP servers, by source, name, port and protocol',
      ruleGroup: Lazy.any({ produce: () => this.ruleGroup() }),
    });
    const managed = (props.managedRuleGroups ?? []).map((name, index) => ({
      priority: 10 + index,
      resourceArn: `arn:${partition}:network-firewall:${region}:aws-managed:stateful-rulegroup/${managedName(name)}`,
    }));
    const policy = new networkfirewall.CfnFirewallPolicy(this, 'Policy', {
      firewallPolicyName: this.uniqueName('Policy'),
      firewallPolicy: {
        statelessDefaultActions: ['aws:forward_to_sfe'],
        statelessFragmentDefaultActions: ['aws:drop'],
        statefulEngineOptions: { ruleOrder: 'STRICT_ORDER', streamExceptionPolicy: 'DROP' },
        statefulDefaultActions: DEFAULT_ACTIONS,
        statefulRuleGroupReferences: [...managed, { priority: 100, resourceArn: rules.attrRuleGroupArn }],
        // A name in a ClientHello is what the client says it is. With this, it has to lead to an address that the resolver gave out,
        // and the resolver knows declared names only: an allowed name does not reach a server of somebody else.
        route53ResolvedIpValidation: { action: 'DROP', dnsExpiryExceptionPolicy: 'REJECT', dnsFirewallRuleGroupId: props.dnsFirewallRuleGroupId },
        ...this.tlsInspection(props),
      },
    });
    acknowledge(policy, { 'CloudFormation-Validate::F3002': 'Route53ResolvedIPValidation is in the service and in its CloudFormation documentation, and newer than the schema of this rule' });
    return policy;
  }

  private ruleGroup(): networkfirewall.CfnRuleGroup.RuleGroupProperty {
    const { rules, ipSets } = suricataRules(this.network.plan.cidr, this.allowances());
    return {
      rulesSource: { rulesString: rules },
      ruleVariables: { ipSets: Object.fromEntries(Object.entries(ipSets).map(([name, definition]) => [name, { definition: [...definition] }])) },
      statefulRuleOptions: { ruleOrder: 'STRICT_ORDER' },
    };
  }

  /** Only what workloads send to ports of TLS is decrypted. A certificate that is revoked, or whose state nobody tells, ends the connection. */
  private tlsInspection({ tlsInspectionAuthority, network }: ZoneEgressSettings): Partial<networkfirewall.CfnFirewallPolicy.FirewallPolicyProperty> {
    if (!tlsInspectionAuthority) return {};
    const inspection = new networkfirewall.CfnTLSInspectionConfiguration(this, 'TlsInspection', {
      tlsInspectionConfigurationName: this.uniqueName('TlsInspection'),
      tlsInspectionConfiguration: {
        serverCertificateConfigurations: [{
          certificateAuthorityArn: tlsInspectionAuthority.certificateArn,
          checkCertificateRevocationStatus: { revokedStatusAction: 'DROP', unknownStatusAction: 'DROP' },
          scopes: [{
            protocols: [6],
            sources: [{ addressDefinition: network.plan.cidr }],
            sourcePorts: [{ fromPort: 0, toPort: 65_535 }],
            destinations: [{ addressDefinition: '0.0.0.0/0' }],
            destinationPorts: Lazy.any({ produce: () => this.tlsPorts().map((port) => ({ fromPort: port, toPort: port })) }),
          }],
        }],
      },
    });
    return { tlsInspectionConfigurationArn: inspection.attrTlsInspectionConfigurationArn, enableTlsSessionHolding: true };
  }

  private tlsPorts(): number[] {
    return [...new Set([...this.dedicated.values()].flatMap(({ destinations }) => destinations.flatMap(({ tlsPorts }) => tlsPorts)))].sort((a, b) => a - b);
  }

  private allowances(): EgressAllowance[] {
    return [...this.dedicated].map(([workload, { cidr, destinations }]) => ({ workload, source: cidr, destinations }));
  }

  private problems(ruleCapacity = 1000): string[] {
    if (!Number.isInteger(ruleCapacity) || ruleCapacity < 1 || ruleCapacity > MAX_CAPACITY) {
      return [`ruleCapacity is ${JSON.stringify(ruleCapacity)}, expected a whole number from 1 to ${MAX_CAPACITY}`];
    }
    const { capacity } = suricataRules(this.network.plan.cidr, this.allowances());
    return capacity <= ruleCapacity ? [] : [`the declared egress makes ${capacity} firewall rules, and ruleCapacity is ${ruleCapacity}: raise it to at least ${capacity}`];
  }

  private uniqueName(suffix: string): string {
    return `${Names.uniqueResourceName(this, { maxLength: 100, separator: '-' })}-${suffix}`;
  }
}

function managedName(name: string): string {
  if (!/^[A-Za-z0-9]+StrictOrder$/.test(name)) throw new Error(`the managed rule group is ${JSON.stringify(name)}, expected one in strict order, such as "ThreatSignaturesBotnetStrictOrder"`);
  return name;
}
