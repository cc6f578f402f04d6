import { SFNClient } from '@aws-sdk/client-sfn';
import { createDecideEndpoint } from '../deployment/aws-decide';
import { NO_SCAN, openRecords } from '../deployment/aws-registry';
import { createStepFunctions } from '../deployment/aws-workflows';
import { readOnboardingSettings } from '../deployment/registry-settings';
import { createDecide } from '../onboarding/decide';
import { createReviews } from '../onboarding/reviews';

const { workflows, policy, ...settings } = readOnboardingSettings(process.env);
const { store, registry } = openRecords({ ...settings, policy }, NO_SCAN);

/** Takes the decisions of people. */
export const handler = createDecideEndpoint(createDecide({ registry, reviews: createReviews(store), workflows: createStepFunctions(new SFNClient({}), workflows), policy }));
