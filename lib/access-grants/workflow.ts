import type { Duration } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';

/** Tells the approvers and waits for the decision, which the announcement of the grant brings; ends by itself when nobody decides. */
export function waitForApproval(scope: Construct, wait: lambda.IFunction, decisionTime: Duration): sfn.IChainable {
  const ask = new tasks.LambdaInvoke(scope, 'Wait for approval', {
    lambdaFunction: wait,
    integrationPattern: sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    payload: sfn.TaskInput.fromObject({ token: sfn.JsonPath.taskToken, grant: sfn.JsonPath.objectAt('$') }),
    taskTimeout: sfn.Timeout.duration(decisionTime),
    resultPath: '$.decision',
  });
  ask.addCatch(new sfn.Succeed(scope, 'Nobody decided'), { errors: ['States.Timeout'] });
  return ask.next(
    new sfn.Choice(scope, 'How was it decided?')
      .when(sfn.Condition.stringEquals('$.decision.state', 'denied'), new sfn.Succeed(scope, 'Denied'))
      .when(sfn.Condition.stringEquals('$.decision.state', 'revoked'), new sfn.Succeed(scope, 'Revoked'))
      .otherwise(new sfn.Succeed(scope, 'Approved')),
  );
}
