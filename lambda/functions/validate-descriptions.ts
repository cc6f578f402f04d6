import { askServers } from '../deployment/aws-ask';
import { createValidationResource } from '../deployment/aws-custom-resource';
import { validateServer } from '../onboarding/validate';

/** A custom resource of CloudFormation that fails where a server offers poisoned tools. */
export const handler = createValidationResource(async ({ server, failOn, ...where }) => {
  const results = await askServers([{ name: server, ...where }]);
  return validateServer(server, results.get(server) ?? { ok: false, reason: 'it was not asked.' }, failOn);
});
