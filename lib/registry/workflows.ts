import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import type { RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** A step that a function carries out; its answer replaces what the workflow knew, or is put beside it. */
interface StepOptions {
  readonly function: lambda.IFunction;
  readonly payload?: Record<string, unknown>;
  readonly resultPath?: string;
}

function step(scope: Construct, id: string, { function: lambdaFunction, payload, resultPath }: StepOptions): sfn.TaskStateBase {
  return new tasks.LambdaInvoke(scope, id, {
    lambdaFunction,
    payload: payload && sfn.TaskInput.fromObject(payload),
    payloadResponseOnly: true,
    resultPath,
  }).addRetry({ errors: ['RevisionConflict'], interval: Duration.seconds(1), maxAttempts: 5 });
}

/** Scans all that is known again; before it, where there are servers to ask, asks them all and scans what is new. Whether there are is known when the template is written. */
export class DiscoverySteps {
  readonly definition: sfn.DefinitionBody;

  private readonly last: sfn.TaskStateBase;
  private first: sfn.IChainable;
  private graph?: sfn.StateGraph;

  constructor(
    private readonly scope: Construct,
    rescan: lambda.IFunction,
  ) {
    this.last = step(scope, 'Scan again', { function: rescan, payload: {}, resultPath: '$.rescanned' });
    this.first = this.last;
    this.definition = sfn.DefinitionBody.fromString(Lazy.uncachedString({ produce: () => this.write() }));
  }

  askFirst(discover: lambda.IFunction, scan: lambda.IFunction): void {
    this.first = step(this.scope, 'Discover', { function: discover, payload: {} })
      .next(step(this.scope, 'Scan', { function: scan, payload: { run: sfn.JsonPath.stringAt('$.run') }, resultPath: '$.scanned' }))
      .next(this.last);
  }

  private write(): string {
    this.graph ??= new sfn.StateGraph(this.first.startState, 'Discovery of tools');
    return Stack.of(this.scope).toJsonString(this.graph.toGraphJson());
  }
}

export interface ReviewSteps {
  readonly requestDecision: lambda.IFunction;
  readonly sign: lambda.IFunction;
  /** After how long without a decision people are asked again. */
  readonly reminderInterval: Duration;
}

/** Waits for the decision of people on one definition, as many as it takes; signs and publishes. Input: `subject` and `pin`. */
export function reviewDefinition(scope: Construct, { requestDecision, sign, reminderInterval }: ReviewSteps): sfn.IChainable {
  const begin = new sfn.Pass(scope, 'Nobody has decided', { result: sfn.Result.fromObject({ outcome: 'none', endorsers: [], refusal: '' }), resultPath: '$.signed' });
  const ask = new tasks.LambdaInvoke(scope, 'Ask for a decision', {
    lambdaFunction: requestDecision,
    integrationPattern: sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    payload: sfn.TaskInput.fromObject({
      id: sfn.JsonPath.stringAt('$.subject'),
      pin: sfn.JsonPath.stringAt('$.pin'),
      refusal: sfn.JsonPath.stringAt('$.signed.refusal'),
      taskToken: sfn.JsonPath.taskToken,
      execution: sfn.JsonPath.executionId,
    }),
    taskTimeout: sfn.Timeout.duration(reminderInterval),
    resultPath: '$.decision',
  });
  const signAndPublish = step(scope, 'Sign and publish', {
    function: sign,
    payload: {
      action: 'approve',
      id: sfn.JsonPath.stringAt('$.subject'),
      decision: sfn.JsonPath.objectAt('$.decision'),
      endorsers: sfn.JsonPath.objectAt('$.signed.endorsers'),
    },
    resultPath: '$.signed',
  });
  const reinstate = step(scope, 'Sign again', {
    function: sign,
    payload: { action: 'reinstate', id: sfn.JsonPath.stringAt('$.subject'), decision: sfn.JsonPath.objectAt('$.decision') },
    resultPath: '$.signed',
  });
  const published = new sfn.Succeed(scope, 'Published');
  const decided = new sfn.Choice(scope, 'How was it decided?')
    .when(sfn.Condition.stringEquals('$.decision.kind', 'approve'), signAndPublish)
    .when(sfn.Condition.stringEquals('$.decision.kind', 'reinstate'), reinstate)
    .when(sfn.Condition.stringEquals('$.decision.kind', 'reject'), new sfn.Succeed(scope, 'Rejected'))
    .when(sfn.Condition.stringEquals('$.decision.kind', 'superseded'), new sfn.Succeed(scope, 'Nothing to decide'))
    .otherwise(new sfn.Fail(scope, 'Unknown decision', { error: 'UnknownDecision', cause: 'the decision is none that the workflow knows' }));
  const signed = new sfn.Choice(scope, 'Have enough people approved?')
    .when(sfn.Condition.stringEquals('$.signed.outcome', 'published'), published)
    .otherwise(ask);
  signAndPublish.next(signed);
  reinstate.next(signed);
  ask.addCatch(ask, { errors: ['States.Timeout'], resultPath: '$.reminded' });
  return begin.next(ask).next(decided);
}

export interface StateMachineOptions {
  readonly definition: sfn.DefinitionBody;
  /** All that the definition invokes; `invoking`. */
  readonly invoke: iam.PolicyStatement;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** Exactly these functions and none of their versions; the CDK would grant both. */
export function invoking(...functions: readonly lambda.IFunction[]): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: functions.map(({ functionArn }) => functionArn) });
}

/** What a workflow needs to be logged and traced; these actions know no resources. */
const OBSERVED = [
  'logs:CreateLogDelivery', 'logs:GetLogDelivery', 'logs:UpdateLogDelivery', 'logs:DeleteLogDelivery', 'logs:ListLogDeliveries',
  'logs:PutResourcePolicy', 'logs:DescribeResourcePolicies', 'logs:DescribeLogGroups',
  'xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets',
];

/** A workflow that is logged and traced. Its log has no data: what waits for people is told by a token that nobody else may have. */
export function addStateMachine(scope: Construct, id: string, { definition: definitionBody, invoke, encryptionKey, logRetention: retention, removalPolicy }: StateMachineOptions): sfn.StateMachine {
  const role = new iam.Role(scope, `${id}Role`, {
    assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
    inlinePolicies: {
      Invoke: new iam.PolicyDocument({ statements: [invoke] }),
      Observe: new iam.PolicyDocument({ statements: [new iam.PolicyStatement({ actions: OBSERVED, resources: ['*'] })] }),
    },
  });
  acknowledge(role, {
    'AwsSolutions-IAM5[Resource::*]': 'the log delivery and X-Ray actions have no resource-level permissions; the other statement names its resources',
    'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of one role of one workflow and lives and dies with it',
  });
  const machine = new sfn.StateMachine(scope, id, {
    definitionBody,
    role: role.withoutPolicyUpdates(),
    tracingEnabled: true,
    logs: { destination: new logs.LogGroup(scope, `${id}Logs`, { encryptionKey, retention, removalPolicy }), level: sfn.LogLevel.ALL, includeExecutionData: false },
  });
  acknowledge(machine, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of the role by which rules start this workflow, and lives and dies with it' });
  return machine;
}
