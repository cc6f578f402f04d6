import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

/** Names of the events (`lambda/deployment/aws-state-changes.ts`). */
const SOURCE = 'mcp-zero-trust.registry';
const DETAIL_TYPE = 'MCP Tool State Change';

/** What happens by itself in a registry. */
export interface RegistryRulesProps {
  readonly eventBus: events.IEventBus;
  readonly reviewWorkflow: sfn.IStateMachine;
  readonly discoveryWorkflow: sfn.IStateMachine;
  readonly sign: lambda.IFunction;
  readonly undelivered: sqs.IQueue;
  readonly rescanInterval: Duration;
  readonly headRenewalInterval: Duration;
}

/**
 * People are asked as soon as a definition needs them; what is withdrawn without the key is withdrawn in the log; all is looked at
 * again in time. Events are passed on whole, never by a template: names in them are chosen by the servers.
 */
export function addRegistryRules(scope: Construct, props: RegistryRulesProps): void {
  const { eventBus, undelivered: deadLetterQueue } = props;
  const on = (id: string, description: string, detail: Record<string, string[]>, target: events.IRuleTarget) =>
    new events.Rule(scope, id, { description, eventBus, eventPattern: { source: [SOURCE], detailType: [DETAIL_TYPE], detail }, targets: [target] });
  const every = (id: string, description: string, interval: Duration, target: events.IRuleTarget) =>
    new events.Rule(scope, id, { description, schedule: events.Schedule.rate(interval), targets: [target] });

  on('ReviewRule', 'Asks people about MCP tools that wait for review or went into quarantine', { action: ['submit', 'change', 'quarantine'], to: ['review', 'quarantined'] },
    new targets.SfnStateMachine(props.reviewWorkflow, { deadLetterQueue, input: events.RuleTargetInput.fromEventPath('$.detail') }));
  on('WithdrawalRule', 'Withdraws MCP tools in the signed log that were stopped without its key', { from: ['approved'], to: ['quarantined', 'revoked'] },
    new targets.LambdaFunction(props.sign, { deadLetterQueue }));
  every('RescanRule', 'Asks all MCP servers again and scans all known tools', props.rescanInterval,
    new targets.SfnStateMachine(props.discoveryWorkflow, { deadLetterQueue, input: events.RuleTargetInput.fromObject({}) }));
  every('HeadRenewalRule', 'Signs the head of the log of approved MCP tools again', props.headRenewalInterval,
    new targets.LambdaFunction(props.sign, { deadLetterQueue, event: events.RuleTargetInput.fromObject({ action: 'renew' }), retryAttempts: 2, maxEventAge: Duration.minutes(5) }));
}
