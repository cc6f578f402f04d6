import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { openRecords } from '../deployment/aws-registry';
import { createReviewTopic } from '../deployment/aws-review-topic';
import { createComparingScan } from '../deployment/aws-scan';
import { createStepFunctions } from '../deployment/aws-workflows';
import { required } from '../deployment/environment';
import { readOnboardingSettings } from '../deployment/registry-settings';
import { createRequestDecision } from '../onboarding/request-decision';
import { createReviews } from '../onboarding/reviews';

const { workflows, renewalNoticeMs, ...settings } = readOnboardingSettings(process.env);
const { store, registry } = openRecords(settings, createComparingScan({}).scan);

/** First step of a review: asks people for their decision. */
export const handler = createRequestDecision({
  registry,
  reviews: createReviews(store),
  workflows: createStepFunctions(new SFNClient({}), workflows),
  notify: createReviewTopic(new SNSClient({}), required(process.env, 'MCP_REGISTRY_TOPIC')),
  renewalNoticeMs,
});
