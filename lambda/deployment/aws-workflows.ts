import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  InvalidToken,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import type { Workflows } from '../onboarding';

/** ARNs of the state machines that a function may start. */
export interface StateMachines {
  /** @default - none */
  readonly review?: string;
  /** @default - none */
  readonly discovery?: string;
}

/** The workflows of AWS Step Functions. */
export function createStepFunctions(client: SFNClient, { review, discovery }: StateMachines): Workflows {
  async function start(stateMachineArn: string | undefined, input: object): Promise<void> {
    if (stateMachineArn === undefined) throw new Error('this function starts no such workflow');
    await client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
  }

  return {
    async complete(taskToken, outcome) {
      try {
        await client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(outcome) }));
        return true;
      } catch (error) {
        if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken) return false;
        throw error;
      }
    },
    async isRunning(executionArn) {
      try {
        return (await client.send(new DescribeExecutionCommand({ executionArn }))).status === 'RUNNING';
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return false;
        throw error;
      }
    },
    startReview: (input) => start(review, input),
    startDiscovery: () => start(discovery, {}),
  };
}
