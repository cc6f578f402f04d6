import { signingRegistry } from '../deployment/aws-registry';
import { createComparingScan } from '../deployment/aws-scan';
import { signRequestOf, type SignEvent } from '../deployment/aws-sign';
import { readRegistrySettings } from '../deployment/registry-settings';
import { createSignStep } from '../onboarding/sign';

const open = signingRegistry(readRegistrySettings(process.env), createComparingScan({}).scan);

/** The one function with the key: signs what was decided and publishes it, and renews the head of the log. */
export const handler = async (event: SignEvent) => createSignStep(await open())(signRequestOf(event));
