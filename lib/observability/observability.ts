import { Annotations, NestedStack, Stack } from 'aws-cdk-lib';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { AccessGrants, BlockList } from '../access-grants';
import { McpGateway } from '../gateway';
import type { McpServingGateway, McpWebAcl } from '../gateway';
import { ToolRegistry } from '../registry';
import type { IToolRegistry } from '../registry';
import type { SecurityZone } from '../zone';
import { AuditTrail } from './audit-trail';
import type { AuditTrailProps } from './audit-trail-props';
import { Monitoring } from './monitoring';
import type { MonitoringOptions } from './monitoring-props';
import { IncidentResponse } from './response';
import type { ClusterResponder, IncidentResponseOptions } from './response';
import { ThreatDetection } from './threat-detection';
import type { ThreatDetectionOptions } from './threat-detection-props';

/** What the eyes of a model can be told. */
export interface ObservabilityOptions {
  /**
   * The record of every request, and how long nobody can change it.
   *
   * @default - archived for a year under compliance lock, and in OCSF
   */
  readonly auditTrail?: AuditTrailProps;

  /**
   * Metrics, alarms and a dashboard.
   *
   * @default - the thresholds of `Monitoring`, and a new topic
   */
  readonly monitoring?: MonitoringOptions;

  /**
   * The threat detection of AWS around the gateway.
   *
   * @default - GuardDuty, Security Hub, Inspector and data events
   */
  readonly threatDetection?: ThreatDetectionOptions;

  /**
   * What is done about incidents.
   *
   * @default - severe ones are contained, others wait for a person
   */
  readonly response?: IncidentResponseOptions;
}

/** Properties for the eyes of a model. */
export interface ObservabilityProps extends ObservabilityOptions {
  /** The gateway. */
  readonly gateway: McpServingGateway;

  /**
   * Its registry of tools.
   *
   * @default - none
   */
  readonly registry?: IToolRegistry;

  /**
   * Its just-in-time grants, which it serves already.
   *
   * @default - none
   */
  readonly accessGrants?: AccessGrants;

  /**
   * Whom it refuses at once, where there are no grants, for the response to write.
   *
   * @default - nobody is blocked
   */
  readonly blockList?: BlockList;

  /**
   * The zone that it is in.
   *
   * @default - none
   */
  readonly zone?: SecurityZone;

  /**
   * Name of the EKS cluster that it runs on.
   *
   * @default - none
   */
  readonly clusterName?: string;

  /**
   * The load balancer in front of it, where no API is.
   *
   * @default - none
   */
  readonly loadBalancer?: elbv2.IApplicationLoadBalancer;

  /**
   * The web ACL in front of the gateway.
   *
   * @default - that of the gateway, where it has one
   */
  readonly webAcl?: McpWebAcl;

  /**
   * What reaches the same cluster, for Deployments to be cut off.
   *
   * @default - none is cut off
   */
  readonly clusterResponder?: ClusterResponder;

  /**
   * Key of everything that does not name its own.
   *
   * @default - that of the gateway
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Put monitoring and threat detection into a nested stack, and the response into another, where a template would hold more resources than AWS CloudFormation takes.
   *
   * @default false
   */
  readonly nested?: boolean;

  /**
   * Bucket of this app for the access log of the archive.
   *
   * @default - a new one
   */
  readonly accessLogBucket?: s3.Bucket;
}

/**
 * An audit trail, monitoring, threat detection and the response to incidents, as the models have them.
 *
 * @example
 * const eyes = new Observability(this, 'Observability', { gateway, registry, accessGrants });
 * eyes.monitoring.alarmTopic.addSubscription(new subscriptions.EmailSubscription('security@example.com'));
 */
export class Observability extends Construct {
  readonly auditTrail: AuditTrail;
  readonly monitoring: Monitoring;
  readonly threatDetection: ThreatDetection;
  readonly response: IncidentResponse;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    const { gateway, registry, accessGrants, zone, clusterName, accessLogBucket } = props;
    const encryptionKey = props.encryptionKey ?? gateway.encryptionKey;
    this.auditTrail = new AuditTrail(this, 'AuditTrail', { encryptionKey, accessLogBucket, ...props.auditTrail });
    this.auditTrail.addGateway(gateway);
    if (registry instanceof ToolRegistry && this.isInThisStack(registry)) this.auditTrail.addRegistry(registry);
    if (accessGrants && this.isInThisStack(accessGrants)) this.auditTrail.addAccessGrants(accessGrants);
    const webAcl = props.webAcl ?? (gateway instanceof McpGateway ? gateway.webAcl : undefined);
    const seen = { gateway, registry, accessGrants, auditTrail: this.auditTrail, encryptionKey };
    const watch = props.nested ? new NestedStack(this, 'Watch', { description: 'Monitoring and threat detection of an MCP gateway' }) : this;
    this.monitoring = new Monitoring(watch, 'Monitoring', { ...seen, webAcl, ...props.monitoring });
    if (zone) this.monitoring.addZone(zone);
    if (clusterName !== undefined) this.monitoring.addCluster(clusterName);
    if (props.loadBalancer) this.monitoring.addLoadBalancer(props.loadBalancer);
    this.threatDetection = new ThreatDetection(watch, 'ThreatDetection', { ...seen, blockList: props.blockList, alarmTopic: this.monitoring.alarmTopic, ...props.threatDetection });
    const respond = props.nested ? new NestedStack(this, 'Respond', { description: 'Response to incidents in front of MCP servers' }) : this;
    this.response = new IncidentResponse(respond, 'Response', {
      ...props.response,
      accessGrants, encryptionKey,
      blockList: props.blockList,
      // The policy of a bucket outside would name the evidence inside, and wait for it.
      accessLogBucket: props.nested ? undefined : accessLogBucket,
      registry: registry instanceof ToolRegistry ? registry : undefined,
      webAcl,
      vpc: clusterName === undefined ? zone?.vpc : undefined,
      clusterResponder: props.clusterResponder,
    });
    for (const logGroup of gateway.auditLogGroups) this.response.addAuditLog(logGroup);
    if (clusterName !== undefined) this.response.watchEksCluster(clusterName);
    this.auditTrail.addResponse(this.response);
    this.threatDetection.addTable(this.response.tableArn);
  }

  /** A function signs with the trail's key, which knows the function: two stacks would wait for each other. */
  private isInThisStack(other: Construct): boolean {
    if (Stack.of(other) === Stack.of(this)) return true;
    Annotations.of(this).addWarningV2(`cdk-mcp-zero-trust:otherStack-${other.node.id}`, `${JSON.stringify(other.node.path)} is in another stack: what people decide there is in its log, and not in this audit trail; give it a trail in its own stack`);
    return false;
  }

  /**
   * Sees what is written to another log group, such as that of a gateway that runs as tasks too.
   *
   * @param logGroup lines as the code of this package writes them
   */
  addAuditLog(logGroup: logs.ILogGroup): void {
    this.auditTrail.addLogGroup(logGroup);
    this.monitoring.addAuditLog(logGroup);
    this.threatDetection.addAuditLog(logGroup);
    this.response.addAuditLog(logGroup);
  }
}
