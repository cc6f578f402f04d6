import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { GatewayFunction } from '../gateway/function';
import { acknowledge } from '../private/acknowledge';
import { featuresOf, type ProtectionPlan } from './protection-plan';

/** What functions of threat detection do not have in common. */
export interface WatcherDefinition {
  /** Folder of its code in `dist/lambda`. */
  readonly bundle: string;
  readonly description: string;
  readonly environment: Record<string, string>;
  readonly whyNoDeadLetterQueue: string;
  readonly whyUnreserved: string;
}

export interface ThreatServicesProps {
  /** Makes the function. */
  readonly define: (scope: Construct, id: string, definition: WatcherDefinition) => GatewayFunction;
  readonly guardDuty: boolean;
  readonly existingDetectorId?: string;
  readonly protectionPlans: readonly ProtectionPlan[];
  readonly securityHub: boolean;
  readonly inspector: boolean;
}

/** Roles that the services of AWS need of themselves. */
const SERVICE_ROLES = ['guardduty.amazonaws.com', 'malware-protection.guardduty.amazonaws.com', 'securityhub.amazonaws.com', 'inspector2.amazonaws.com', 'agentless.inspector2.amazonaws.com'];

/**
 * GuardDuty, Security Hub and Inspector, made sure of when it is deployed and every day. By a custom resource and not by resources of these services: those fail
 * where the account has a detector or a hub already.
 */
export class ThreatServices extends Construct {
  /** Plans of GuardDuty, and services, that an administrator left off, separated by spaces; `none` of them. */
  readonly leftOff: string;

  /** Writes a line of each check. */
  readonly checker: GatewayFunction;

  constructor(scope: Construct, id: string, props: ThreatServicesProps) {
    super(scope, id);
    const { guardDuty, existingDetectorId, protectionPlans, securityHub, inspector } = props;
    const stack = Stack.of(this);
    this.checker = props.define(this, 'Ensure', {
      bundle: 'threat-services',
      description: 'Makes sure that GuardDuty, Security Hub and Inspector watch this account',
      environment: { MCP_URL_SUFFIX: stack.urlSuffix },
      whyNoDeadLetterQueue: 'CloudFormation waits for its answer; a check that fails is counted, and the next one asks for the same',
      whyUnreserved: 'deployments of its stack and a check every day begin it, one after the other',
    });
    const grants = this.letEnsure(props);
    const Wanted = stack.toJsonString({
      ...(guardDuty ? { guardDuty: { detectorId: existingDetectorId, features: featuresOf(protectionPlans) } } : {}),
      securityHub,
      inspector: inspector ? ['ECR', 'LAMBDA'] : [],
    });
    const services = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::McpThreatServices',
      serviceToken: this.checker.function.functionArn,
      properties: { Wanted },
      serviceTimeout: Duration.minutes(5),
    });
    for (const grant of grants) grant.applyBefore(services);
    this.leftOff = services.getAttString('PlansLeftOff');
    new events.Rule(this, 'EveryDay', {
      description: 'Makes sure that GuardDuty, Security Hub and Inspector still watch this account',
      schedule: events.Schedule.rate(Duration.days(1)),
      targets: [new targets.LambdaFunction(this.checker.function, { event: events.RuleTargetInput.fromObject({ Wanted }) })],
    });
  }

  private letEnsure({ guardDuty, securityHub, inspector }: ThreatServicesProps): iam.Grant[] {
    const ensure = this.checker;
    const grants = [
      ...(guardDuty ? ['guardduty:ListDetectors', 'guardduty:CreateDetector', 'guardduty:GetDetector', 'guardduty:UpdateDetector'] : []),
      ...(securityHub ? ['securityhub:EnableSecurityHub'] : []),
      ...(inspector ? ['inspector2:Enable'] : []),
    ];
    const granted = iam.Grant.addToPrincipal({ grantee: ensure.function, actions: grants, resourceArns: ['*'] });
    const roles = iam.Grant.addToPrincipal({
      grantee: ensure.function,
      actions: ['iam:CreateServiceLinkedRole'],
      resourceArns: [Stack.of(this).formatArn({ service: 'iam', region: '', resource: 'role', resourceName: 'aws-service-role/*' })],
      conditions: { StringEquals: { 'iam:AWSServiceName': SERVICE_ROLES } },
    });
    const { account, partition } = Stack.of(this);
    // As the rule pack shows what is known only when it is deployed.
    const shown = (value: string) => {
      const known = Stack.of(this).resolve(value) as string | { readonly Ref: string };
      return typeof known === 'string' ? known : `<${known.Ref}>`;
    };
    acknowledge(ensure, {
      'AwsSolutions-IAM5[Resource::*]': 'switching these services on, and listing detectors, is about the account as a whole, which has no ARN',
      [`AwsSolutions-IAM5[Resource::arn:${shown(partition)}:iam::${shown(account)}:role/aws-service-role/*]`]: 'the roles that four services of AWS need of themselves, by the names that those services give them',
    });
    return [granted, roles];
  }

  /** Checks that failed. Sum over a day. */
  metricFailedChecks(): cloudwatch.Metric {
    return this.checker.function.metricErrors({ period: Duration.days(1), statistic: cloudwatch.Stats.SUM });
  }
}
