import { Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ZoneService } from './endpoint-service';
import type { Place, ZoneNetwork } from './network';
import { ZoneTier } from './tier';

/** What a workload may do with an AWS service. */
export interface ServiceUse {
  /** Actions, by name: `secretsmanager:GetSecretValue`. */
  readonly actions: string[];

  /** ARNs of what they may be done to. `*` only for actions that know no resources. */
  readonly resources: string[];

  /**
   * Names that clients look up besides the service's own: `<bucket>.s3.<region>.amazonaws.com`.
   *
   * @default - none
   */
  readonly hostNames?: string[];
}

export interface ZoneEndpointProps {
  readonly network: ZoneNetwork;
  readonly service: ZoneService;
  /** Organization whose principals may use it, instead of those of this account alone. */
  readonly organizationId?: string;
}

/**
 * An interface endpoint whose policy is what was declared: these actions on these resources, by principals of this account or
 * organization. A key of another account that was brought into the zone opens nothing with it.
 */
export class ZoneEndpoint extends Construct implements ec2.IConnectable {
  readonly endpoint: ec2.InterfaceVpcEndpoint;
  readonly connections: ec2.Connections;
  private readonly props: ZoneEndpointProps;
  private readonly place: Place;

  constructor(scope: Construct, id: string, props: ZoneEndpointProps) {
    super(scope, id);
    const { network, service } = props;
    this.props = props;
    this.place = network.place(ZoneTier.ENDPOINT);
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: network.vpc,
      description: `Endpoint of ${service.name} in the MCP security zone`,
      allowAllOutbound: false,
    });
    this.endpoint = new ec2.InterfaceVpcEndpoint(this, 'Resource', {
      vpc: network.vpc,
      service: service.service,
      subnets: { subnets: this.place.subnets },
      securityGroups: [securityGroup],
      open: false,
      privateDnsEnabled: service.privateDns,
      privateDnsOnlyForInboundResolverEndpoint: service === ZoneService.S3 ? ec2.VpcEndpointPrivateDnsOnlyForInboundResolverEndpoint.ALL_RESOLVERS : undefined,
    });
    this.connections = new ec2.Connections({ securityGroups: [securityGroup], defaultPort: ec2.Port.HTTPS });
  }

  /** The endpoint's own name in all availability zones, which is found only when it is deployed. */
  get hostName(): string {
    return Fn.select(1, Fn.split(':', Fn.select(0, this.endpoint.vpcEndpointDnsEntries)));
  }

  /** Lets principals of the account or organization do this. */
  allow({ actions, resources }: ServiceUse): void {
    const { organizationId } = this.props;
    const condition = organizationId === undefined ? { 'aws:PrincipalAccount': Stack.of(this).account } : { 'aws:PrincipalOrgID': organizationId };
    this.endpoint.addToPolicy(new iam.PolicyStatement({ principals: [new iam.AnyPrincipal()], actions, resources, conditions: { StringEquals: condition } }));
  }

  /** Lets anyone do this, where a service signs requests with a principal of its own: only for resources that AWS owns. */
  allowService({ actions, resources }: ServiceUse): void {
    this.endpoint.addToPolicy(new iam.PolicyStatement({ principals: [new iam.AnyPrincipal()], actions, resources }));
  }

  /**
   * Where it is.
   *
   * @internal
   */
  _place(): Place {
    return this.place;
  }
}
