import type { EventBridgeEvent } from 'aws-lambda';
import type { SignRequest } from '../onboarding/sign';
import { STATE_CHANGE } from './aws-state-changes';

/** What the function with the key is invoked with: a step of the workflow or a schedule, or a state change of a tool that was stopped. */
export type SignEvent = Exclude<SignRequest, { action: 'withdraw' }> | EventBridgeEvent<string, { readonly subject: string }>;

/**
 * The request in an event. An event of the bus is only ever a withdrawal, whatever is in it: the bus wraps what is published on
 * it, so nobody who can publish can ask for an approval.
 */
export function signRequestOf(event: SignEvent): SignRequest {
  if (!('detail-type' in event)) return event;
  if (event['detail-type'] !== STATE_CHANGE.detailType) throw new Error('the event is no state change of a tool');
  return { action: 'withdraw', id: event.detail.subject };
}
