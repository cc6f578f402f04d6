import { StartError } from '../../lambda/local';
import type { DecisionRequest } from '../../lambda/onboarding';
import type * as AwsRegistries from './aws-registry';

declare const require: (id: './aws-registry') => typeof AwsRegistries;

/** Where decisions go, as the options say it. */
export interface DecisionTarget {
  readonly url?: string;
  readonly region?: string;
  /** Refused: the credentials say who decides. */
  readonly by?: string;
}

export interface DecisionOutcomes {
  taken(message: string): void;
  refused(message: string): void;
}

/**
 * Sends decisions to a registry in AWS, one after the other; what is refused does not keep the rest from being decided.
 * @throws StartError where they cannot be sent
 */
export async function sendDecisions({ url, region, by }: DecisionTarget, requests: readonly DecisionRequest[], { taken, refused }: DecisionOutcomes): Promise<void> {
  if (url === undefined) throw new StartError('Expected --config for a registry on this machine, or --url for one in AWS.');
  if (!isSafeUrl(url)) throw new StartError('--url: expected an https URL.');
  if (by !== undefined) throw new StartError('--by: a registry in AWS takes the decider from the AWS credentials.');
  const { sendDecision, DecisionRefused } = require('./aws-registry');
  for (const request of requests) {
    try {
      taken(await sendDecision(url, request, region));
    } catch (error) {
      if (!(error instanceof DecisionRefused)) throw new StartError(`The registry cannot be asked: ${(error as Error).message}`);
      refused(error.message);
    }
  }
}

function isSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && (hostname === '127.0.0.1' || hostname === 'localhost'));
}
