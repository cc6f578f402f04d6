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

/** ARNs of the two state machines of a registry. */
export interface StateMachines {
  readonly review: string;
  /** @default - this function starts none */
  readonly discovery?: string;
}

/** The workflows of AWS Step Functions. */
export function createStepFunctions(client: SFNClient, { review, discovery }: StateMachines): Workflows {
  const start = async (stateMachineArn: string, input: object) => void (await client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) })));
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
    startDiscovery() {
      if (discovery === undefined) return Promise.reject(new Error('this function starts no discovery'));
      return start(discovery, {});
    },
  };
}
