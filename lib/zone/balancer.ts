import { Duration, Stack } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import type { SecurityZone } from './security-zone';
import { ZoneTier } from './tier';
import type { ZoneWorkload } from './workload';

export interface ZoneBalancerProps {
  readonly zone: SecurityZone;
  /** Servers are at `<name>.<domainName>`. */
  readonly domainName: string;
  /** Certificate of `*.<domainName>`. */
  readonly certificate: acm.ICertificate;
  /** Bucket that access logs go to. */
  readonly logBucket: s3.IBucket;
  /**
   * Name of its workload in the zone, and of its logs.
   *
   * @default 'balancer'
   */
  readonly name?: string;
  /**
   * Hosted zone of `domainName`, and the one name in it that leads here.
   *
   * @default - a private hosted zone of its own, of which every name leads here
   */
  readonly record?: ZoneRecord;
}

/** One name in a hosted zone. */
export interface ZoneRecord {
  readonly hostedZone: route53.IHostedZone;
  readonly recordName: string;
}

/** Something behind the load balancer. */
export interface BalancerTarget {
  readonly workload: ZoneWorkload;
  readonly target: elbv2.IApplicationLoadBalancerTarget;
  /**
   * What the target is.
   *
   * @default elbv2.TargetType.IP
   */
  readonly targetType?: elbv2.TargetType;
  readonly port: number;
  readonly protocol: elbv2.ApplicationProtocol;
  readonly healthCheckPath: string;
  /** What counts as healthy: `200`, or `200-499` for servers that answer a health check with an error of theirs. */
  readonly healthyCodes: string;
}

/** Some paths of a name that a function serves, and the rest of the name something else. */
export interface BalancerFunction {
  /** The name is `<host>.<domainName>`. */
  readonly host: string;
  /** At most four; a `*` stands for anything. */
  readonly paths: string[];
  /** In this account, whatever network it is in: the service invokes it, and no connection is opened to it. */
  readonly function: lambda.Function;
}

const LISTENER_PORT = 443;
/** Rules of paths come before those of whole names. */
const FIRST_NAME = 101;

/**
 * An internal load balancer, TLS 1.3 only: one name for each server, and nothing for any other name (NET-4, TBL-1). It takes connections
 * from whoever was connected to it, and opens some to its targets only.
 */
export class ZoneBalancer extends Construct {
  /** Its place in the zone; connect a workload to it on port 443. */
  readonly workload: ZoneWorkload;
  readonly loadBalancer: elbv2.ApplicationLoadBalancer;
  /** Where its names are. */
  readonly hostedZone: route53.IHostedZone;

  private readonly props: ZoneBalancerProps;
  private readonly listener: elbv2.ApplicationListener;
  private names = 0;
  private functions = 0;

  constructor(scope: Construct, id: string, props: ZoneBalancerProps) {
    super(scope, id);
    this.props = props;
    const { zone, certificate } = props;
    this.workload = zone.addServer(this.balancerName, { tier: ZoneTier.FRONT, port: LISTENER_PORT });
    this.loadBalancer = new elbv2.ApplicationLoadBalancer(this, 'Resource', {
      vpc: zone.vpc,
      vpcSubnets: this.workload.vpcSubnets,
      securityGroup: this.workload.securityGroup,
      internetFacing: false,
      ipAddressType: elbv2.IpAddressType.IPV4,
      deletionProtection: true,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elbv2.DesyncMitigationMode.STRICTEST,
      // Streams are silent between events for as long as the gateway's own keep-alive; it writes every 15 seconds.
      idleTimeout: Duration.minutes(5),
    });
    this.logAccess();
    this.listener = this.loadBalancer.addListener('Tls', {
      port: LISTENER_PORT,
      protocol: elbv2.ApplicationProtocol.HTTPS,
      certificates: [certificate],
      sslPolicy: elbv2.SslPolicy.TLS13_13,
      open: false,
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
    this.hostedZone = this.addName();
    acknowledge(this, {
      'NIST.800.53.R5-ELBv2ACMCertificateRequired': 'the listener has the certificate that the zone was given, which the rule reads only from a literal',
    });
  }

  /** Puts a web ACL of AWS WAF in front of it. */
  addWebAcl(webAclArn: string): void {
    new wafv2.CfnWebACLAssociation(this, 'WebAcl', { resourceArn: this.loadBalancer.loadBalancerArn, webAclArn });
  }

  /**
   * Says why there is none.
   *
   * @param reason who stops what it would stop
   * @internal
   */
  _withoutWebAcl(reason: string): void {
    acknowledge(this, { 'NIST.800.53.R5-ALBWAFEnabled': reason });
  }

  /** Serves `<name>.<domainName>` by this target. */
  addTarget(name: string, { workload, target, targetType = elbv2.TargetType.IP, port, protocol, healthCheckPath, healthyCodes }: BalancerTarget): void {
    const { zone, domainName } = this.props;
    const group = new elbv2.ApplicationTargetGroup(this, `Target-${name}`, {
      vpc: zone.vpc,
      targetType,
      protocol,
      port,
      targets: [target],
      deregistrationDelay: Duration.seconds(30),
      healthCheck: { path: healthCheckPath, protocol: protocol as unknown as elbv2.Protocol, healthyHttpCodes: healthyCodes, interval: Duration.seconds(15), timeout: Duration.seconds(5) },
    });
    this.listener.addAction(name, { priority: FIRST_NAME + this.names++, conditions: [elbv2.ListenerCondition.hostHeaders([`${name}.${domainName}`])], action: elbv2.ListenerAction.forward([group]) });
    zone.connectServers(this.workload, workload, port);
    zone.allowNames(`${name}.${domainName}`);
  }

  /** Serves some paths of a name by a function, which sees every header that came, and how often. */
  addFunction(id: string, { host, paths, function: handler }: BalancerFunction): void {
    const permission = new lambda.CfnPermission(this, `Invoke-${id}`, { action: 'lambda:InvokeFunction', functionName: handler.functionArn, principal: 'elasticloadbalancing.amazonaws.com', sourceAccount: Stack.of(this).account });
    const group = new elbv2.ApplicationTargetGroup(this, `Target-${id}`, {
      targetType: elbv2.TargetType.LAMBDA,
      multiValueHeadersEnabled: true,
      targets: [{ attachToApplicationTargetGroup: () => ({ targetType: elbv2.TargetType.LAMBDA, targetJson: { id: handler.functionArn } }) }],
    });
    group.node.addDependency(permission);
    const conditions = [elbv2.ListenerCondition.hostHeaders([`${host}.${this.props.domainName}`]), elbv2.ListenerCondition.pathPatterns(paths)];
    this.functions += 1;
    this.listener.addAction(id, { priority: this.functions, conditions, action: elbv2.ListenerAction.forward([group]) });
  }

  /** Names exist in this VPC only. */
  private addName(): route53.IHostedZone {
    const { zone, domainName, record } = this.props;
    const hostedZone = record?.hostedZone ?? new route53.PrivateHostedZone(this, 'Names', { vpc: zone.vpc, zoneName: domainName });
    new route53.ARecord(this, 'AnyServer', { zone: hostedZone, recordName: record?.recordName ?? '*', target: route53.RecordTarget.fromAlias(new LoadBalancerTarget(this.loadBalancer)) });
    return hostedZone;
  }

  private get balancerName(): string {
    return this.props.name ?? 'balancer';
  }

  /** The method of the CDK needs a region that is known in synthesis. */
  private logAccess(): void {
    const { logBucket } = this.props;
    const prefix = this.props.name ?? 'load-balancer';
    const { account } = Stack.of(this);
    logBucket.addToResourcePolicy(new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('logdelivery.elasticloadbalancing.amazonaws.com')],
      actions: ['s3:PutObject'],
      resources: [logBucket.arnForObjects(`${prefix}/AWSLogs/${account}/*`)],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    }));
    this.loadBalancer.setAttribute('access_logs.s3.enabled', 'true');
    this.loadBalancer.setAttribute('access_logs.s3.bucket', logBucket.bucketName);
    this.loadBalancer.setAttribute('access_logs.s3.prefix', prefix);
    if (logBucket.policy) this.loadBalancer.node.addDependency(logBucket.policy);
  }
}
