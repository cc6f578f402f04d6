import { Names } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as logs from 'aws-cdk-lib/aws-logs';
import * as vpclattice from 'aws-cdk-lib/aws-vpclattice';
import { Construct } from 'constructs';
import type { SecurityZone, ZoneWorkload } from '../zone';

/** Who reaches a gateway by Amazon VPC Lattice. */
export interface LatticeServiceOptions {
  /** Accounts whose VPCs may be associated with the service network and call. At least one. */
  readonly sourceAccounts: string[];

  /**
   * VPCs that may call, of these accounts.
   *
   * @default - all of them
   */
  readonly sourceVpcs?: string[];
}

export interface LatticeServiceProps extends LatticeServiceOptions {
  readonly zone: SecurityZone;
  /** Name by which clients call, of which `certificate` is. */
  readonly hostName: string;
  readonly certificate: acm.ICertificate;
  /** The load balancer that it leads to, and its place in the zone. */
  readonly loadBalancer: elbv2.IApplicationLoadBalancer;
  readonly workload: ZoneWorkload;
  readonly logGroup: logs.ILogGroup;
}

/** Where the traffic of VPC Lattice comes from, in every VPC. */
const LINK_LOCAL = '169.254.171.0/24';

/**
 * A gateway as a service of Amazon VPC Lattice, for VPCs that are connected to the zone in no other way: they are associated with its service
 * network, and calls from anywhere else are refused before they reach the zone. Who is calling is not asked here: MCP clients put their token where a
 * signature of AWS would be, and the gateway asks for it.
 */
export class LatticeService extends Construct {
  /** ARN of the network that clients' VPCs are associated with. */
  readonly serviceNetworkArn: string;

  constructor(scope: Construct, id: string, props: LatticeServiceProps) {
    super(scope, id);
    const { zone, workload, sourceAccounts, sourceVpcs } = props;
    if (sourceAccounts.length === 0) throw new Error('sourceAccounts is empty, expected the accounts whose VPCs may call');
    const targets = new vpclattice.CfnTargetGroup(this, 'Targets', {
      name: this.shortName('targets'),
      type: 'ALB',
      config: { vpcIdentifier: zone.vpc.vpcId, protocol: 'HTTPS', protocolVersion: 'HTTP1', port: 443 },
      targets: [{ id: props.loadBalancer.loadBalancerArn, port: 443 }],
    });
    const service = new vpclattice.CfnService(this, 'Resource', {
      name: this.shortName('service'),
      authType: 'AWS_IAM',
      customDomainName: props.hostName,
      certificateArn: props.certificate.certificateArn,
    });
    new vpclattice.CfnListener(this, 'Listener', {
      serviceIdentifier: service.attrArn,
      protocol: 'HTTPS',
      port: 443,
      defaultAction: { forward: { targetGroups: [{ targetGroupIdentifier: targets.attrArn, weight: 100 }] } },
    });
    const network = new vpclattice.CfnServiceNetwork(this, 'Network', { name: this.shortName('network'), authType: 'AWS_IAM' });
    new vpclattice.CfnServiceNetworkServiceAssociation(this, 'Association', { serviceIdentifier: service.attrArn, serviceNetworkIdentifier: network.attrArn });
    const policy = {
      Version: '2012-10-17',
      Statement: [{
        Effect: 'Allow',
        Principal: '*',
        Action: 'vpc-lattice-svcs:Invoke',
        Resource: '*',
        Condition: { StringEquals: { 'vpc-lattice-svcs:SourceVpcOwnerAccount': sourceAccounts, ...(sourceVpcs ? { 'vpc-lattice-svcs:SourceVpc': sourceVpcs } : {}) } },
      }],
    };
    new vpclattice.CfnAuthPolicy(this, 'ServicePolicy', { resourceIdentifier: service.attrArn, policy });
    new vpclattice.CfnAuthPolicy(this, 'NetworkPolicy', { resourceIdentifier: network.attrArn, policy });
    new vpclattice.CfnAccessLogSubscription(this, 'Log', { resourceIdentifier: service.attrArn, destinationArn: props.logGroup.logGroupArn });
    zone.allowClients(workload, 443, [LINK_LOCAL]);
    this.serviceNetworkArn = network.attrArn;
  }

  /** Names of VPC Lattice: at most 40 characters for services, lower case. */
  private shortName(suffix: string): string {
    return `${Names.uniqueResourceName(this, { maxLength: 30, separator: '-' }).toLowerCase()}-${suffix}`;
  }
}
