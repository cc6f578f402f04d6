import { Lazy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

/** Names of the events of this package (`lambda/response/incident.ts`, `lambda/deployment/aws-state-changes.ts`). */
const INCIDENT = { source: 'mcp-zero-trust.security', detailType: 'MCP Security Incident' };
const REGISTRY = { source: 'mcp-zero-trust.registry', detailType: 'MCP Tool State Change' };
/** GuardDuty's word for low ends below this. */
const GUARD_DUTY_MEDIUM = 4;

export interface ResponseRulesProps {
  readonly eventBus: events.IEventBus;
  /** AWS sends its own events to no other. */
  readonly defaultBus: events.IEventBus;
  readonly workflow: sfn.IStateMachine;
  readonly undelivered: sqs.IQueue;
}

/** What begins a response. Events are passed on whole, never by a template: names in them are chosen by servers and callers. */
export class ResponseRules {
  private readonly alarmNames: string[] = [];

  constructor(
    private readonly scope: Construct,
    private readonly props: ResponseRulesProps,
  ) {
    const { eventBus, defaultBus } = props;
    this.add('IncidentRule', 'Answers incidents that are reported', eventBus, { source: [INCIDENT.source], detailType: [INCIDENT.detailType] });
    this.add('RegistryRule', 'Answers changes of approved MCP tools', eventBus, { source: [REGISTRY.source], detailType: [REGISTRY.detailType], detail: { from: ['approved'], to: ['quarantined'] } });
    this.add('GuardDutyRule', 'Answers what GuardDuty finds in containers', defaultBus, {
      source: ['aws.guardduty'],
      detailType: ['GuardDuty Finding'],
      detail: { severity: [{ numeric: ['>=', GUARD_DUTY_MEDIUM] }], resource: { resourceType: ['ECSCluster', 'EKSCluster'] } },
    });
  }

  /** Answers an alarm, too. */
  addAlarm(name: string): void {
    if (this.alarmNames.length === 0) {
      const alarmName = Lazy.list({ produce: () => this.alarmNames }) as unknown as string[];
      this.add('AlarmRule', 'Answers alarms', this.props.defaultBus, { source: ['aws.cloudwatch'], detailType: ['CloudWatch Alarm State Change'], detail: { alarmName, state: { value: ['ALARM'] } } });
    }
    this.alarmNames.push(name);
  }

  private add(id: string, description: string, eventBus: events.IEventBus, eventPattern: events.EventPattern): void {
    const { workflow, undelivered: deadLetterQueue } = this.props;
    new events.Rule(this.scope, id, { description, eventBus, eventPattern, targets: [new targets.SfnStateMachine(workflow, { deadLetterQueue })] });
  }
}

/** A response that failed, was given up, or never began, is an alarm at its first occurrence. */
export function addResponseAlarms(scope: Construct, workflow: sfn.IStateMachine, undelivered: sqs.IQueue, topic: sns.ITopic): void {
  const alarm = (id: string, alarmDescription: string, metric: cloudwatch.IMetric) =>
    new cloudwatch.Alarm(scope, id, {
      metric,
      alarmDescription,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new actions.SnsAction(topic));
  alarm('FailedAlarm', 'A playbook against an incident in front of MCP servers failed: something is not contained, or not given back', workflow.metricFailed());
  alarm('StoppedAlarm', 'A playbook against an incident in front of MCP servers was stopped', new cloudwatch.MathExpression({ expression: 'aborted + late', usingMetrics: { aborted: workflow.metricAborted(), late: workflow.metricTimedOut() } }));
  alarm('UndeliveredAlarm', 'An event that tells of an incident reached no playbook', undelivered.metricApproximateNumberOfMessagesVisible());
}
