import { recorded } from '../deployment/aws-response';
import { readPlanSettings } from '../deployment/response-settings';
import { createFinishStep, createPlanStep, type EndedPlan, type WorkflowInput } from '../response';

const settings = readPlanSettings(process.env);

/** First and last step of a response: what is to be done, how it ended, and what people are still to be told of it. */
export const handler = recorded(settings, (responder) => {
  const plan = createPlanStep(responder, settings.alarms, settings.estate);
  const finish = createFinishStep(responder);
  return (input: { readonly plan: WorkflowInput } | { readonly finish: EndedPlan }): Promise<object> => ('plan' in input ? plan(input.plan) : finish(input.finish));
});
