import { signingRegistry } from '../deployment/aws-registry';
import { createComparingScan } from '../deployment/aws-scan';
import { readRegistrySettings } from '../deployment/registry-settings';
import { createSignStep, type SignRequest } from '../onboarding/sign';

const open = signingRegistry(readRegistrySettings(process.env), createComparingScan({}).scan);

/** The one function with the key: signs what was decided and publishes it, and renews the head of the log. */
export const handler = async (request: SignRequest) => createSignStep(await open())(request);
