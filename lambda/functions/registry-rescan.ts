import { SFNClient } from '@aws-sdk/client-sfn';
import { openRecords } from '../deployment/aws-registry';
import { createComparingScan } from '../deployment/aws-scan';
import { createStepFunctions } from '../deployment/aws-workflows';
import { readOnboardingSettings } from '../deployment/registry-settings';
import { createRescanStep } from '../onboarding/rescan';
import { createReviews } from '../onboarding/reviews';

const { workflows, renewalNoticeMs, ...settings } = readOnboardingSettings(process.env);
const { scan, compareWith } = createComparingScan(settings);
const { store, registry } = openRecords(settings, scan);

/** Last step of a discovery: scans all that is known again, and opens the reviews that are missing. */
export const handler = createRescanStep({ registry, compareWith, reviews: createReviews(store), workflows: createStepFunctions(new SFNClient({}), workflows), renewalNoticeMs });
