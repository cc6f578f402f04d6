import { Duration } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';

/** One action of a playbook, and the function that alone has the right to it. */
export interface ActionRoute {
  /** Name of its state. */
  readonly name: string;
  readonly kinds: readonly string[];
  /** Of the workload. @default - any */
  readonly platform?: string;
  readonly function: lambda.IFunction;
  /** @default - as all others */
  readonly patience?: Patience;
}

/** How long what comes after an action waits for it. */
export interface Patience {
  /** Of one try; with one, what AWS Lambda fails on by itself is tried again no oftener than the rest. @default - that of the function */
  readonly timeout?: Duration;
  /** After the first try. */
  readonly retries: number;
}

const PATIENCE: Patience = { retries: 4 };

export interface ResponseSteps {
  readonly plan: lambda.IFunction;
  readonly ask: lambda.IFunction;
  readonly routes: readonly ActionRoute[];
  /** Tells people, and writes down that nobody has the right to an action. */
  readonly notice: lambda.IFunction;
  readonly decisionTime: Duration;
}

const STEP = ['incident', 'number', 'kind', 'platform', 'step', 'by', 'why'] as const;

/**
 * Plans; carries out what needs nobody's word, where only what is done to workloads waits for something else, the copy of the evidence; tells people;
 * carries out whatever a person has agreed to, and tells people how it stands since. Ends as failed where an action failed, after all others were tried.
 */
export function responseDefinition(scope: Construct, steps: ResponseSteps): sfn.IChainable {
  const { plan, ask, notice, decisionTime } = steps;
  const finish = invoke(scope, 'See how it ended', plan, { finish: { incident: sfn.JsonPath.stringAt('$.incident'), asked: sfn.JsonPath.objectAt('$.asked') } });
  const asked = new tasks.LambdaInvoke(scope, 'Ask a person', {
    lambdaFunction: ask,
    integrationPattern: sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    payload: sfn.TaskInput.fromObject({ ...stepOf(), taskToken: sfn.JsonPath.taskToken }),
    taskTimeout: sfn.Timeout.duration(decisionTime),
    resultPath: '$.decision',
  });
  const undecided = new sfn.Pass(scope, 'Nobody decided');
  asked.addCatch(undecided, { errors: ['States.Timeout'], resultPath: sfn.JsonPath.DISCARD });
  // Whether it was approved is in the ledger, where a person's word is: a workflow that is told so by anybody else carries nothing out.
  const agreed = new sfn.Choice(scope, 'Shall it be done?')
    .when(sfn.Condition.booleanEquals('$.decision.approved', true), carryOut(new Construct(scope, 'Approved'), ' as approved', steps))
    .otherwise(new sfn.Pass(scope, 'Denied'));
  const waiting = new sfn.Map(scope, 'Each that waits for a person', { itemsPath: '$.asked', resultPath: sfn.JsonPath.DISCARD }).itemProcessor(asked.next(agreed));
  const lane = new sfn.Map(scope, 'One after the other', { itemsPath: '$.steps', maxConcurrency: 1, resultPath: sfn.JsonPath.DISCARD }).itemProcessor(carryOut(new Construct(scope, 'Automatic'), '', steps));
  const automatic = new sfn.Map(scope, 'All lanes at once', { itemsPath: '$.lanes', resultPath: sfn.JsonPath.DISCARD }).itemProcessor(lane);
  const told = each(scope, 'When all were tried', attempt(scope, 'Tell people', notice));
  // What people are not told of in the end fails the workflow, so that an alarm tells them.
  const toldAtLast = each(scope, 'Where it stands otherwise', invoke(scope, 'Tell people how it stands', notice, stepOf(), sfn.JsonPath.DISCARD));
  const ended = new sfn.Choice(scope, 'Did an action fail?')
    .when(sfn.Condition.numberGreaterThan('$.failed', 0), new sfn.Fail(scope, 'An action failed', { error: 'ActionFailed', cause: 'an action of the playbook failed; the ledger says which, and why' }))
    .otherwise(new sfn.Succeed(scope, 'Done'));
  return invoke(scope, 'Plan', plan, { plan: sfn.JsonPath.objectAt('$') }).next(
    new sfn.Choice(scope, 'Is it an incident?')
      .when(sfn.Condition.stringEquals('$.incident', ''), new sfn.Succeed(scope, 'Nothing to contain'))
      .otherwise(automatic.next(told).next(waiting).next(finish).next(toldAtLast).next(ended)),
  );
}

/** Word to people: one, or none. */
function each(scope: Construct, id: string, word: sfn.IChainable): sfn.Map {
  return new sfn.Map(scope, id, { itemsPath: '$.words', maxConcurrency: 1, resultPath: sfn.JsonPath.DISCARD }).itemProcessor(word);
}

/** What fails is in the ledger, and keeps nothing else from being tried. */
function attempt(scope: Construct, name: string, handler: lambda.IFunction, patience?: Patience): sfn.IChainable {
  const task = invoke(scope, name, handler, stepOf(), sfn.JsonPath.DISCARD, patience);
  return task.addCatch(new sfn.Pass(scope, `${name}: failed`), { resultPath: sfn.JsonPath.DISCARD });
}

/** By the function that has the right to it. */
function carryOut(scope: Construct, suffix: string, { routes, notice }: ResponseSteps): sfn.IChainable {
  const act = (name: string, handler: lambda.IFunction, patience?: Patience) => attempt(scope, `${name}${suffix}`, handler, patience);
  const choice = new sfn.Choice(scope, `Which action${suffix}?`);
  for (const { name, kinds, platform, function: handler, patience } of routes) {
    const isKind = sfn.Condition.or(...kinds.map((kind) => sfn.Condition.stringEquals('$.kind', kind)));
    choice.when(platform === undefined ? isKind : sfn.Condition.and(isKind, sfn.Condition.stringEquals('$.platform', platform)), act(name, handler, patience));
  }
  return choice.otherwise(act('Nobody has the right', notice));
}

function stepOf(): Record<string, unknown> {
  return Object.fromEntries(STEP.map((name) => [name, name === 'number' ? sfn.JsonPath.numberAt('$.number') : sfn.JsonPath.stringAt(`$.${name}`)]));
}

function invoke(scope: Construct, id: string, lambdaFunction: lambda.IFunction, payload: Record<string, unknown>, resultPath?: string, { timeout, retries }: Patience = PATIENCE): tasks.LambdaInvoke {
  const task = new tasks.LambdaInvoke(scope, id, {
    lambdaFunction,
    payload: sfn.TaskInput.fromObject(payload),
    payloadResponseOnly: true,
    resultPath,
    taskTimeout: timeout && sfn.Timeout.duration(timeout),
    // Besides the four: six times more within two minutes, which nothing may wait for.
    retryOnServiceExceptions: timeout === undefined,
  });
  // What is refused stays refused; the rest, such as a throttled service or a review that is not open yet, is tried again.
  task.addRetry({ errors: ['ResponseRefused', 'NotAnIncident'], maxAttempts: 0 });
  task.addRetry({ errors: ['States.ALL'], interval: Duration.seconds(2), backoffRate: 2, maxAttempts: retries, jitterStrategy: sfn.JitterType.FULL });
  return task;
}
