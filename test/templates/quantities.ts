import { Stack, type App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

type Properties = Readonly<Record<string, any>>;

export const HOURS = 730;

/** Alarms by what CloudWatch asks for them: of those on fixed thresholds each metric that they are on, those on what is unusual, and those of several. */
export interface AlarmQuantities {
  readonly fixed: number;
  readonly unusual: number;
  readonly joined: number;
}

/** How much of what costs something at rest there is in the templates of an app, nested ones too. */
export function quantitiesOf(app: App) {
  const resources = app.node.findAll().filter((construct) => construct instanceof Stack).flatMap((stack) => Object.values(Template.fromStack(stack).toJSON().Resources as Record<string, { Type: string; Properties?: Properties }>));
  const of = (type: string) => resources.filter(({ Type }) => Type === type).map(({ Properties = {} }) => Properties);
  const count = (type: string) => of(type).length;
  const sum = (type: string, quantity: (properties: Properties) => number) => of(type).reduce((total, properties) => total + quantity(properties), 0);

  const templates = of('AWS::EC2::LaunchTemplate').map(({ LaunchTemplateData }) => LaunchTemplateData as Properties);
  const groups = of('AWS::EKS::Nodegroup');
  const taskDefinitions = of('AWS::ECS::TaskDefinition');
  const discovery = of('AWS::StepFunctions::StateMachine').map(({ DefinitionString }) => JSON.stringify(DefinitionString)).find((text) => text.includes('Scan again'));
  return {
    rules: sum('AWS::WAFv2::WebACL', ({ Rules }) => Rules.length),
    keys: count('AWS::KMS::Key'),
    secrets: count('AWS::SecretsManager::Secret'),
    hostedZones: count('AWS::Route53::HostedZone'),
    alarms: alarmsIn(of('AWS::CloudWatch::Alarm'), count('AWS::CloudWatch::CompositeAlarm')),
    dashboards: count('AWS::CloudWatch::Dashboard'),
    contributorRules: count('AWS::CloudWatch::InsightRule'),
    // Of one with a dimension there are as many as it has values.
    metrics: new Set(of('AWS::Logs::MetricFilter').flatMap(({ MetricTransformations }) => MetricTransformations.map(({ MetricNamespace, MetricName }: Properties) => JSON.stringify([MetricNamespace, MetricName])))).size,
    endpoints: count('AWS::EC2::VPCEndpoint'),
    endpointNetworks: sum('AWS::EC2::VPCEndpoint', ({ VpcEndpointType, SubnetIds }) => (VpcEndpointType === 'Interface' ? SubnetIds.length : 0)),
    balancers: count('AWS::ElasticLoadBalancingV2::LoadBalancer'),
    tasks: sum('AWS::ECS::Service', ({ DesiredCount }) => DesiredCount),
    taskSizes: [...new Set(taskDefinitions.map(({ Cpu, Memory, RuntimePlatform }) => `${Cpu} ${Memory} ${RuntimePlatform.CpuArchitecture}`))],
    firewalls: sum('AWS::NetworkFirewall::Firewall', ({ SubnetMappings }) => SubnetMappings.length),
    nats: count('AWS::EC2::NatGateway'),
    clusters: count('AWS::EKS::Cluster'),
    nodes: groups.reduce((total, { ScalingConfig }) => total + ScalingConfig.DesiredSize, 0),
    nodeTypes: [...new Set(groups.flatMap(({ InstanceTypes }) => InstanceTypes as string[]))],
    nodeDisks: [...new Set(templates.map(({ BlockDeviceMappings }) => (BlockDeviceMappings as Properties[]).reduce((total, { Ebs }) => total + Ebs.VolumeSize, 0)))],
    watchedNodes: templates.every(({ Monitoring }) => Monitoring.Enabled === true),
    hourly: of('AWS::Events::Rule').filter(({ ScheduleExpression }) => ScheduleExpression === 'rate(1 hour)').length * HOURS,
    quarterly: of('AWS::Events::Rule').filter(({ ScheduleExpression }) => ScheduleExpression === 'rate(15 minutes)').length * HOURS * 4,
    discoverySteps: discovery?.match(/Type\\+":\\+"Task/g)?.length ?? 0,
    provisioned: resources.filter(({ Properties = {} }) => Properties.ProvisionedConcurrencyConfig !== undefined || Properties.ProvisionedThroughput !== undefined).length,
  };
}

export type Quantities = ReturnType<typeof quantitiesOf>;

export function alarmsIn(alarms: readonly Properties[], joined: number): AlarmQuantities {
  const unusual = alarms.filter(({ ThresholdMetricId }) => ThresholdMetricId !== undefined);
  const fixed = alarms.filter((alarm) => !unusual.includes(alarm)).map(({ Metrics = [] }) => Math.max(1, Metrics.filter(({ MetricStat }: Properties) => MetricStat !== undefined).length));
  return { fixed: fixed.reduce((total, metrics) => total + metrics, 0), unusual: unusual.length, joined };
}
