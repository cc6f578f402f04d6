import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { addRegistryAlarms } from './alarms';
import { addRegistryRules } from './announcements';
import { RegistryVariable } from './environment';
import { RegistryFunction } from './function';
import type { RegistryFunctionProps } from './function';
import type { IToolRegistry } from './registry-base';
import type { SecondOpinion } from './second-opinion';
import { KNOWLEDGE, STEPS } from './table-access';
import { addStateMachine, DiscoverySteps, invoking, reviewDefinition } from './workflows';

/** What all functions of a registry have in common. */
export type CommonFunctionProps = Pick<RegistryFunctionProps, 'registry' | 'encryptionKey' | 'removalPolicy' | 'logRetention'>;

export interface OnboardingProps {
  readonly registry: IToolRegistry;
  readonly common: CommonFunctionProps;
  /** What every function is told that scans. */
  readonly environment: Record<string, string>;
  /** Has the key. */
  readonly sign: RegistryFunction;
  readonly announce: RegistryFunction;
  readonly topic: sns.ITopic;
  readonly undelivered: sqs.IQueue;
  readonly eventBus: events.IEventBus;
  readonly secondOpinion?: SecondOpinion;
  readonly renewalNotice: Duration;
  readonly reminderInterval: Duration;
  readonly rescanInterval: Duration;
  readonly headRenewalInterval: Duration;
}

export interface Onboarding {
  readonly discoveryWorkflow: sfn.StateMachine;
  readonly reviewWorkflow: sfn.StateMachine;
  readonly decideFunctionArn: string;
  readonly decisionUrl: string;
  /** Has a function ask the servers, and another one scan what they offer. */
  readonly letAsk: (discover: RegistryFunction) => void;
}

/** How a definition gets from a server's offer to people, and from their decision to the signature: scans, workflows, rules, and alarms on all of it. */
export function addOnboarding(scope: Construct, props: OnboardingProps): Onboarding {
  const { registry, common, environment, sign, topic, undelivered, eventBus, secondOpinion, rescanInterval, headRenewalInterval } = props;
  const define = (name: string, options: Omit<RegistryFunctionProps, keyof CommonFunctionProps>) => new RegistryFunction(scope, name, { ...common, ...options });
  const people = { ...environment, [RegistryVariable.RENEWAL_NOTICE_DAYS]: `${props.renewalNotice.toDays()}` };

  const requestDecision = define('RequestDecision', {
    bundle: 'registry-request-decision',
    description: 'Asks people to decide on an MCP tool',
    environment: { ...people, [RegistryVariable.TOPIC]: topic.topicArn },
    access: { read: [...KNOWLEDGE, 'reviews'], write: ['reviews'] },
  });
  letPublish(requestDecision, topic, common.encryptionKey.keyArn);
  const reviewWorkflow = addStateMachine(scope, 'ReviewWorkflow', {
    ...common,
    invoke: invoking(requestDecision.function, sign.function),
    definition: sfn.DefinitionBody.fromChainable(reviewDefinition(new Construct(scope, 'ReviewWorkflowStates'), { requestDecision: requestDecision.function, sign: sign.function, reminderInterval: props.reminderInterval })),
  });
  const reviewing = { ...people, [RegistryVariable.REVIEW_WORKFLOW]: reviewWorkflow.stateMachineArn };

  const scanning = { access: { read: [...KNOWLEDGE, 'offers/*' as const, 'reviews' as const], write: STEPS }, timeout: Duration.minutes(10), secondOpinion };
  const rescan = define('Rescan', { ...scanning, bundle: 'registry-rescan', description: 'Scans all known MCP tools again', environment: reviewing });
  const steps = new DiscoverySteps(new Construct(scope, 'DiscoveryWorkflowStates'), rescan.function);
  const invoke = invoking(rescan.function);
  const discoveryWorkflow = addStateMachine(scope, 'DiscoveryWorkflow', { ...common, invoke, definition: steps.definition });
  const letAsk = ({ function: discover }: RegistryFunction) => {
    const { function: scan } = define('Scan', { ...scanning, bundle: 'registry-scan', description: 'Scans MCP tools that are new, and stops those that changed', environment });
    steps.askFirst(discover, scan);
    invoke.addResources(discover.functionArn, scan.functionArn);
  };
  const decide = define('Decide', {
    bundle: 'registry-decide',
    description: 'Takes the decisions of people on MCP tools',
    environment: { ...reviewing, [RegistryVariable.DISCOVERY_WORKFLOW]: discoveryWorkflow.stateMachineArn },
    access: { read: [...KNOWLEDGE, 'reviews'], write: STEPS },
  });
  const { url: decisionUrl } = decide.function.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM });
  reviewWorkflow.grantStartExecution(rescan.function);
  discoveryWorkflow.grantStartExecution(decide.function);
  letAnswer(scope, reviewWorkflow, [requestDecision, rescan, decide]);

  addRegistryRules(scope, { eventBus, reviewWorkflow, discoveryWorkflow, sign: sign.function, undelivered, rescanInterval, headRenewalInterval });
  addRegistryAlarms(scope, { registry, reviewWorkflow, discoveryWorkflow, sign: sign.function, announce: props.announce.function, undelivered, topic, encryptionKey: common.encryptionKey });
  return { discoveryWorkflow, reviewWorkflow, decideFunctionArn: decide.function.functionArn, decisionUrl, letAsk };
}

/** Apart from the roles' own policies: the workflow is made of one of these functions, which would wait for it. */
function letAnswer(scope: Construct, workflow: sfn.StateMachine, functions: readonly RegistryFunction[]): void {
  const stack = Stack.of(scope);
  const executions = stack.formatArn({ service: 'states', resource: 'execution', resourceName: `${workflow.stateMachineName}:*`, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  const policy = new iam.Policy(scope, 'ReviewPolicy', {
    roles: functions.map(({ function: { role } }) => role!),
    statements: [
      new iam.PolicyStatement({ actions: ['states:SendTaskSuccess'], resources: [workflow.stateMachineArn] }),
      new iam.PolicyStatement({ actions: ['states:DescribeExecution'], resources: [executions] }),
    ],
  });
  // As the rule pack shows what is known only when it is deployed.
  const shown = (value: string) => {
    const known = stack.resolve(value) as string | { readonly Ref: string };
    return typeof known === 'string' ? known : `<${known.Ref}>`;
  };
  const name = stack.getLogicalId(workflow.node.defaultChild as sfn.CfnStateMachine);
  acknowledge(policy, {
    [`AwsSolutions-IAM5[Resource::arn:${shown(stack.partition)}:states:${shown(stack.region)}:${shown(stack.account)}:execution:<${name}.Name>:*]`]: 'every execution of one workflow, whose names nobody knows beforehand',
    'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of the roles of this registry and lives and dies with them',
  });
}

/** To the topic, and so to the subscribers. */
function letPublish({ function: grantee }: RegistryFunction, topic: sns.ITopic, topicKeyArn: string): void {
  iam.Grant.addToPrincipal({ grantee, actions: ['sns:Publish'], resourceArns: [topic.topicArn] });
  iam.Grant.addToPrincipal({ grantee, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resourceArns: [topicKeyArn], conditions: { StringEquals: { 'kms:ViaService': `sns.${Stack.of(topic).region}.amazonaws.com` } } });
}
