import { createHash } from 'node:crypto';
import { NestedStack, Stack, type App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

type Properties = Readonly<Record<string, any>>;

const LONGEST = 300;

/** What a reviewer asks of what watches a model, a line each, over all its templates with those that are nested. */
export function eyes(app: App): Readonly<Record<string, readonly string[]>> {
  const resources = app.node.findAll().filter((construct) => construct instanceof Stack).flatMap((stack) =>
    Object.entries(Template.fromStack(stack).toJSON().Resources as Record<string, { Type: string; Properties?: Properties }>).map(([id, { Type, Properties = {} }]) => ({ type: Type, id: `${placeOf(stack)}${nameOf(id)}`, properties: Properties })),
  );
  const of = (isType: (type: string) => boolean, line: (properties: Properties, type: string) => string) =>
    resources.filter(({ type }) => isType(type)).map(({ id, type, properties }) => `${id}: ${line(properties, type)}`).sort();
  return {
    alarms: of((type) => type === 'AWS::CloudWatch::Alarm', alarm),
    joinedAlarms: of((type) => type === 'AWS::CloudWatch::CompositeAlarm', ({ AlarmRule }) => text(AlarmRule)),
    anomalyDetectors: of((type) => type === 'AWS::CloudWatch::AnomalyDetector', (properties) => text(properties)),
    eventRules: of((type) => type === 'AWS::Events::Rule', ({ EventPattern, ScheduleExpression, State, Targets = [] }) => `${State} ${short(text(EventPattern ?? ScheduleExpression))} -> ${Targets.map(({ Arn }: Properties) => text(Arn)).join(', ')}`),
    schedules: of((type) => type === 'AWS::Scheduler::Schedule', ({ ScheduleExpression, State, Target }) => `${State} ${text(ScheduleExpression)} -> ${text(Target.Arn)}`),
    metricFilters: of((type) => type === 'AWS::Logs::MetricFilter', ({ FilterPattern, LogGroupName, MetricTransformations: [{ MetricName, MetricValue, Dimensions }] }) =>
      `${text(MetricName)} = ${text(MetricValue)}${Dimensions === undefined ? '' : ` by ${text(Dimensions)}`} of ${text(LogGroupName)} where ${text(FilterPattern)}`),
    subscriptions: of((type) => type === 'AWS::Logs::SubscriptionFilter', ({ FilterPattern, LogGroupName, DestinationArn }) => `${text(LogGroupName)} where ${text(FilterPattern)} -> ${text(DestinationArn)}`),
    contributorRules: of((type) => type === 'AWS::CloudWatch::InsightRule', ({ RuleBody, RuleState }) => `${RuleState} ${text(RuleBody)}`),
    savedQueries: of((type) => type === 'AWS::Logs::QueryDefinition', ({ Name, QueryString }) => `${text(Name)}: ${text(QueryString).replaceAll('\n', ' ')}`),
    customResources: of((type) => type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource', ({ ServiceToken: _, ...properties }, type) => `${type} ${short(text(properties))}`),
  };
}

function alarm({ Namespace, MetricName, Dimensions, Statistic, ExtendedStatistic, Period, Metrics, ComparisonOperator, Threshold, ThresholdMetricId, EvaluationPeriods, DatapointsToAlarm, TreatMissingData, AlarmActions = [] }: Properties): string {
  const metric = MetricName === undefined ? text(Metrics) : `${text(Namespace)} ${text(MetricName)}${Dimensions === undefined ? '' : ` ${text(Dimensions)}`} ${Statistic ?? ExtendedStatistic} of ${Period} s`;
  const times = DatapointsToAlarm === undefined ? EvaluationPeriods : `${DatapointsToAlarm} of ${EvaluationPeriods}`;
  return `${metric} | ${ComparisonOperator} ${Threshold ?? ThresholdMetricId}, ${times} times, missing is ${TreatMissingData}, ${AlarmActions.length} actions`;
}

/** Which of the nested stacks of a model. */
function placeOf(stack: Stack): string {
  return stack instanceof NestedStack ? `${stack.node.path.split('/').slice(1).join('/')}: ` : '';
}

/** A logical id without the digest of its path. */
function nameOf(id: string): string {
  return id.replace(/[0-9A-F]{8}(?=$|Arn$|Ref$)/, '');
}

/** References as names, and what differs from one build to the next as what it is. */
function text(value: unknown): string {
  const plain = typeof value === 'string' ? value : JSON.stringify(named(value)) ?? '';
  return plain.replaceAll('\\"', "'").replaceAll('"', '').replace(/[0-9a-f]{64}/g, 'ASSET');
}

function named(value: any): unknown {
  if (Array.isArray(value)) return value.map(named);
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.Ref === 'string') return `<${nameOf(value.Ref)}>`;
  if (Array.isArray(value['Fn::GetAtt'])) return `<${nameOf(value['Fn::GetAtt'][0])}.${nameOf(value['Fn::GetAtt'][1])}>`;
  if (Array.isArray(value['Fn::Join'])) return value['Fn::Join'][1].map((part: unknown) => text(part)).join(value['Fn::Join'][0]);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, named(member)]));
}

/** What is longer is known by its digest. */
function short(line: string): string {
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}… (${createHash('sha256').update(line).digest('hex').slice(0, 12)})`;
}
